/** The drawing as a file of its own: every style inlined, nothing loaded from elsewhere. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

import { ChainShape, EdgeShape } from './edgeShapes';
import type { IGraph } from './graph';
import type { ILayout } from './layout';
import type { INodeRun } from './nodeRuns';
import * as palette from './palette';
import { NodeShape } from './shapes';

export interface IDrawing {
  graph: IGraph;
  layout: ILayout;
  /** Whether edges that follow from others are drawn, too. */
  showAll: boolean;
  runOf: (id: string) => INodeRun | null;
  name: string;
  trans: TranslationBundle;
}

/** The whole drawing, however far it reaches beyond the screen. */
export function Drawing({ graph, layout, showAll, runOf, name, trans }: IDrawing): ReactElement {
  const { width, height } = layout;
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img">
      <title>{trans.__('Workflow of %1', name)}</title>
      <rect width={width} height={height} fill={palette.PAPER} />
      {graph.edges.map(edge => {
        const route = layout.edges.get(edge.id);
        return (
          route &&
          (showAll || !edge.implied) && (
            <g key={edge.id}>
              <title>{edge.why.join('\n')}</title>
              <EdgeShape edge={edge} route={route} isActive={false} />
            </g>
          )
        );
      })}
      {graph.nodes.map(node => {
        const box = layout.nodes.get(node.id);
        return (
          box && (
            <g key={node.id} transform={`translate(${box.x} ${box.y})`}>
              <NodeShape
                node={node}
                box={box}
                parts={layout.parts}
                orientation={layout.orientation}
                run={runOf(node.id)}
                isSelected={false}
                trans={trans}
              />
            </g>
          )
        );
      })}
      {graph.chains.map(chain => {
        const route = layout.chains.get(chain.id);
        return route && <ChainShape key={chain.id} route={route} text={trans.__('batches flow on')} isActive={false} />;
      })}
    </svg>
  );
}

/** The drawing as the text of an SVG file in the colours of the present theme. */
export function drawingSvg(drawing: IDrawing): string {
  const host = document.createElement('div');
  const root = createRoot(host);
  flushSync(() => root.render(<Drawing {...drawing} />));
  const svg = host.querySelector('svg');
  const markup = svg ? new XMLSerializer().serializeToString(svg) : '';
  root.unmount();
  const theme = getComputedStyle(document.body);
  return inlineVariables(markup, name => theme.getPropertyValue(name));
}

/** The markup with every `var(--name)` replaced by its value, also where that refers to another one. */
export function inlineVariables(markup: string, valueOf: (name: string) => string): string {
  const inline = (text: string, depth: number): string =>
    text.replace(/var\((--[\w-]+)\)/g, (_, name: string) => {
      const value = valueOf(name).trim();
      return escapeQuotes(depth > 0 ? inline(value, depth - 1) : value);
    });
  return inline(markup, 4);
}

function escapeQuotes(text: string): string {
  return text.replace(/&quot;|"/g, "'");
}

/** The picture as a PNG, `scale` pixels to one. */
export async function pngOf(svg: string, width: number, height: number, scale = 2): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    // Browsers refuse canvases with more than about 16,000 pixels to a side.
    const factor = Math.min(scale, 16000 / Math.max(width, height, 1));
    canvas.width = Math.ceil(width * factor);
    canvas.height = Math.ceil(height * factor);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('the picture is too large'))), 'image/png')
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Has the browser save the content under this name. */
export function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
