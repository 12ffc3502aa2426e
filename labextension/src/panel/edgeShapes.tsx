/** Edges as SVG: the same on the screen and in exported files. */

import type { ReactElement } from 'react';

import { fitNames, fitText, measureIn } from './fitText';
import type { IGraphEdge } from './graph';
import { LABEL } from './layout';
import { Line, RouteLines } from './lines';
import * as palette from './palette';
import type { IRoute } from './routes';

export interface IEdgeShapeProps {
  edge: IGraphEdge;
  route: IRoute;
  isActive: boolean;
}

/** An edge with its label; dashed where no variable is handed over. */
export function EdgeShape({ edge, route, isActive }: IEdgeShapeProps): ReactElement {
  const dashes = edge.kind === 'order' ? '5 4' : edge.implied ? '2 3' : undefined;
  return (
    <>
      <RouteLines
        route={route}
        colour={isActive ? palette.ACCENT : palette.EDGE}
        width={isActive ? 2.2 : 1.3}
        dashes={dashes}
      />
      {edge.label && <Label edge={edge} route={route} isActive={isActive} />}
    </>
  );
}

function Label({ edge, route, isActive }: IEdgeShapeProps): ReactElement {
  const isCode = edge.names.length > 0;
  const measure = measureIn(isCode ? 'code' : 'ui', 10);
  const room = LABEL.width - 10;
  const text = isCode ? fitNames(edge.names, room, measure) : fitText(edge.label, room, measure);
  const width = measure(text) + 10;
  const { x, y } = route.label;
  return (
    <>
      <rect x={x - width / 2} y={y - LABEL.height / 2} width={width} height={LABEL.height} rx={5} fill={palette.PAPER} />
      <text
        x={x}
        y={y + 3.5}
        fontSize={10}
        fill={isActive ? palette.TEXT : palette.MUTED}
        fontFamily={isCode ? palette.CODE_FONT : palette.UI_FONT}
        textAnchor="middle"
      >
        {text}
      </text>
    </>
  );
}

/** Batches that flow on: a thick line around what would make them wait. */
export function ChainShape({ route, text, isActive }: { route: IRoute; text: string; isActive: boolean }): ReactElement {
  const width = measureIn('ui', 10)(text) + 10;
  const { x, y } = route.label;
  return (
    <>
      <RouteLines route={route} colour={palette.ACCENT} width={isActive ? 4 : 3} />
      <rect x={x - width / 2} y={y - LABEL.height / 2} width={width} height={LABEL.height} rx={5} fill={palette.PAPER} />
      <Line x={x} y={y + 3.5} width={width} text={text} size={10} colour={palette.MUTED} anchor="middle" />
    </>
  );
}
