import { LabIcon } from '@jupyterlab/ui-components';

/** An icon of lines; a fill on the element that takes the theme's colour would be coloured, too. */
function icon(name: string, path: string): LabIcon {
  return new LabIcon({
    name: `naavre-ext:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g fill="none">' +
      `<path class="jp-icon3" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="${path}"/>` +
      '</g></svg>'
  });
}

const GLASS = 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 20 20M7.8 10.5h5.4';

export const zoomInIcon = icon('zoom-in', `${GLASS}M10.5 7.8v5.4`);
export const zoomOutIcon = icon('zoom-out', GLASS);
export const fitIcon = icon('fit', 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 12h6');
export const orientationIcon = icon('orientation', 'M4 7h11M12 3.5 15.5 7 12 10.5M17 9v11M13.5 16.5 17 20l3.5-3.5');
export const edgesIcon = icon('all-edges', 'M5 5v14M19 5v14M5 6c6 0 8 6 14 6M5 18C11 18 13 6 19 6M5 18h14');
export const detailsIcon = icon('details', 'M4 5h16v14H4zM4 13.5h16M7.5 16.5h6');
