import { LabIcon } from '@jupyterlab/ui-components';

const svg = (body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">` +
  `<g class="jp-icon3" fill="#616161">${body}</g></svg>`;

/** One node that fans out into three, and one that gathers them. */
export const workflowIcon = new LabIcon({
  name: 'naavre-ext:workflow',
  svgstr: svg(
    '<path d="M6.6 11.2 10.3 6.6h3.4l3.7 4.6-1.4 1.1L12.7 8.4h-1.4L8 12.3zM6.6 12.8l1.4-1.1 3.3 3.9h1.4l3.3-3.9' +
      ' 1.4 1.1-3.7 4.6h-3.4zM7 11.1h10v1.8H7z"/><circle cx="4.5" cy="12" r="2.8"/><circle cx="19.5" cy="12" r="2.8"/>' +
      '<circle cx="12" cy="7" r="2.4"/><circle cx="12" cy="17" r="2.4"/><circle cx="12" cy="12" r="2.4"/>'
  )
});

/** A comment sign with a tag. */
export const annotateIcon = new LabIcon({
  name: 'naavre-ext:annotate',
  svgstr: svg(
    '<path d="M7.5 4 6.8 8H3.5v2h2.9l-.7 4H3v2h2.3l-.7 4h2.1l.7-4h2.6v-2H7.8l.7-4h4l-.3 1.8h2l.3-1.8h2.7V8h-2.3l.7-4h-2.1l-.7 4h-4l.7-4z"/>' +
      '<path d="m12 13.5 4-.9 5.4 5.4-3.6 3.6-5.4-5.4z"/>'
  )
});

/** The workflow's node that fans out, behind a triangle that points forward. */
export const runIcon = new LabIcon({
  name: 'naavre-ext:run',
  svgstr: svg(
    '<path d="M3 4.5v15l9.5-7.5z"/><path d="m13.2 11.2 3-3.8 1.4 1.1-2.8 3.5 2.8 3.5-1.4 1.1-3-3.8z"/>' +
      '<circle cx="18.6" cy="6.6" r="2.4"/><circle cx="18.6" cy="17.4" r="2.4"/>'
  )
});

/** The triangle that runs, in front of the rows of a table. */
export const sweepIcon = new LabIcon({
  name: 'naavre-ext:sweep',
  svgstr: svg(
    '<path d="M3 5v14l8-7z"/><path d="M12.5 5H21v2.4h-6.4zM15.2 10.8H21v2.4h-5.8zM14.6 16.6H21V19h-8.5z"/>'
  )
});
