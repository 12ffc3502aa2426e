import { LabIcon } from '@jupyterlab/ui-components';

/** Bars of a timeline, one below the other. */
export const runsIcon = new LabIcon({
  name: 'naavre-ext:runs',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161">' +
    '<path d="M3 4h9v4H3zM8 10h11v4H8zM14 16h7v4h-7z"/><path d="M3 10h3v4H3zM3 16h9v4H3z" opacity=".45"/></g></svg>'
});
