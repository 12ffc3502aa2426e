/** Steps and their parts as SVG: the same on the screen and in exported files. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

import type { IGraphNode, IPart } from './graph';
import type { IBox, Orientation } from './layout';
import { measureIn } from './fitText';
import { Line, RouteLines } from './lines';
import type { INodeRun } from './nodeRuns';
import * as palette from './palette';
import { ProgressBar, StateMark } from './runShapes';
import { stateText } from './runWording';
import { partRoute } from './routes';

export interface INodeShapeProps {
  node: IGraphNode;
  box: { readonly width: number; readonly height: number };
  /** Of its parts. */
  parts: ReadonlyMap<string, IBox>;
  orientation: Orientation;
  run: INodeRun | null;
  isSelected: boolean;
  trans: TranslationBundle;
}

/** A step with its upper left corner at the origin. */
export function NodeShape(props: INodeShapeProps): ReactElement {
  const { node, box, run, isSelected } = props;
  const isSplit = node.kind === 'split';
  const state = run && palette.STATE_COLOURS[run.state];
  return (
    <g>
      <rect
        x={0.75}
        y={0.75}
        width={box.width - 1.5}
        height={box.height - 1.5}
        rx={node.kind === 'parameters' ? box.height / 2 : 7}
        fill={palette.PAPER}
        stroke={isSelected ? palette.ACCENT : (state ?? palette.LINE)}
        strokeWidth={isSelected ? 2.5 : 1.5}
        strokeDasharray={isSplit && !isSelected ? '5 3' : undefined}
      />
      <Heading {...props} />
      {isSplit ? <Split {...props} /> : <Foot {...props} y={box.height - (node.kind === 'parameters' ? 13 : 14)} />}
      {run?.progress && !isSplit && (
        <ProgressBar x={12} y={box.height - 7} width={box.width - 24} run={run} />
      )}
      <Diagnostics node={node} x={box.width - 4} />
    </g>
  );
}

/** The cell's number and the title. */
function Heading({ node, box, run }: INodeShapeProps): ReactElement {
  const indent = node.kind === 'parameters' ? 20 : 12;
  const number = String(node.cellNumber);
  const chip = Math.max(18, measureIn('ui', 10, 600)(number) + 9);
  const start = indent + chip + 7;
  const end = run ? 30 : 12;
  const y = node.kind === 'parameters' ? 20 : 22;
  return (
    <>
      <rect x={indent} y={y - 11.5} width={chip} height={15} rx={3.5} fill={palette.CHIP} />
      <Line x={indent + chip / 2} y={y - 0.5} width={chip} text={number} size={10} weight={600} colour={palette.MUTED} anchor="middle" />
      <Line
        x={start}
        y={y}
        width={box.width - start - end}
        text={node.title}
        size={node.isCode ? 11.5 : 12.5}
        weight={node.isCode ? 400 : 600}
        isCode={node.isCode}
      />
      {run && <StateMark x={box.width - (node.kind === 'parameters' ? 28 : 24)} y={y - 11} state={run.state} />}
    </>
  );
}

/** The state of the run, or what the step makes; the marks. */
function Foot({ node, box, run, trans, y }: INodeShapeProps & { y: number }): ReactElement {
  const indent = node.kind === 'parameters' ? 20 : 12;
  const mark = node.marks.join(' · ');
  const markWidth = mark ? Math.min(measureIn('ui', 10)(mark) + 12, box.width / 2) : 0;
  const width = box.width - 2 * indent - (markWidth ? markWidth + 8 : 0);
  const text = run ? stateText(run, trans) : node.detail && `→ ${node.detail}`;
  return (
    <>
      <Line
        x={indent}
        y={y}
        width={width}
        text={text}
        size={10.5}
        colour={run?.state === 'failed' ? palette.ERROR : palette.MUTED}
        isCode={!run}
      />
      {mark && (
        <>
          <rect x={box.width - 10 - markWidth} y={y - 11} width={markWidth} height={15} rx={7.5} fill={palette.SHADE} />
          <Line
            x={box.width - 10 - markWidth / 2}
            y={y}
            width={markWidth - 8}
            text={mark}
            size={10}
            colour={palette.MUTED}
            anchor="middle"
          />
        </>
      )}
    </>
  );
}

/** Splitters, batches and mergers in a row, and the foot below. */
function Split(props: INodeShapeProps): ReactElement {
  const { node, parts, orientation, box } = props;
  const places = node.parts.map(part => [part, parts.get(part.id)] as const);
  return (
    <>
      {places.map(([part, place], index) => {
        const before = index > 0 ? places[index - 1][1] : undefined;
        return (
          place && (
            <g key={part.id}>
              {before && <RouteLines route={partRoute(before, place, orientation)} colour={palette.EDGE} />}
              <PartShape {...props} part={part} place={place} />
            </g>
          )
        );
      })}
      <Foot {...props} y={box.height - 9} />
    </>
  );
}

interface IPartProps {
  part: IPart;
  place: IBox;
  orientation: Orientation;
  run: INodeRun | null;
  trans: TranslationBundle;
}

function PartShape(props: IPartProps): ReactElement {
  const { part, place } = props;
  return (
    <g transform={`translate(${place.x} ${place.y})`}>
      <title>{part.hover}</title>
      {part.kind === 'batches' ? <Batches {...props} /> : <Funnel {...props} />}
    </g>
  );
}

/** A splitter widens along the flow, a merger narrows. */
function Funnel({ part, place, orientation }: IPartProps): ReactElement {
  const { width, height } = place;
  const narrow = orientation === 'LR' ? height * 0.24 : width * 0.24;
  const [start, end] = part.kind === 'splitter' ? [narrow, 1] : [1, narrow];
  const points =
    orientation === 'LR'
      ? [[1, start], [width - 1, end], [width - 1, height - end], [1, height - start]]
      : [[start, 1], [width - start, 1], [width - end, height - 1], [end, height - 1]];
  return (
    <>
      <polygon
        points={points.map(point => point.join(',')).join(' ')}
        fill={palette.ACCENT}
        fillOpacity={0.13}
        stroke={palette.ACCENT}
        strokeOpacity={0.6}
        strokeWidth={1.2}
        strokeLinejoin="round"
      />
      <Line x={width / 2} y={height / 2 + 3.5} width={width - 8} text={part.text} size={10} colour={palette.TEXT} anchor="middle" />
    </>
  );
}

/** Cards one behind the other: how many, and of what. */
function Batches({ part, place, run, trans }: IPartProps): ReactElement {
  const { width, height } = place;
  const own = run?.splits.get(part.split);
  const planned = trans.__('%1 batches', part.factor);
  const count = !own
    ? measureIn('ui', 11, 600)(planned) > width - 26 ? part.factor : planned
    : own.whole
      ? trans.__('runs whole')
      : trans.__('%1 of %2', own.done, own.total);
  const card = { width: width - 9, height: height - 9, rx: 4, fill: palette.PAPER, stroke: palette.EDGE, strokeWidth: 1.2 };
  return (
    <>
      {own?.whole && <title>{own.whole}</title>}
      {[8, 4, 0].map(offset => (
        <rect key={offset} x={0.5 + offset} y={8.5 - offset} {...card} />
      ))}
      <Line x={9} y={24} width={width - 26} text={count} size={11} weight={600} />
      <Line x={9} y={37} width={width - 26} text={part.text} size={10} colour={palette.MUTED} isCode />
      {own && !own.whole && <ProgressBar x={6} y={height - 5.5} width={width - 20} run={own} />}
    </>
  );
}

/** How many errors, warnings or remarks there are, on the upper right corner. */
function Diagnostics({ node, x }: { node: IGraphNode; x: number }): ReactElement | null {
  const worst = (['error', 'warning', 'info'] as const).find(level =>
    node.diagnostics.some(diagnostic => diagnostic.severity === level)
  );
  if (!worst) {
    return null;
  }
  const colour = { error: palette.ERROR, warning: palette.WARNING, info: palette.INFO }[worst];
  return (
    <g>
      <title>{node.diagnostics.map(d => `${d.code} ${d.message} ${d.remedy}`.trim()).join('\n')}</title>
      <circle cx={x} cy={4} r={8} fill={colour} stroke={palette.PAPER} strokeWidth={1.5} />
      <text x={x} y={8} fontSize={11} fontWeight={700} fill={palette.PAPER} fontFamily={palette.UI_FONT} textAnchor="middle">
        {worst === 'info' ? 'i' : '!'}
      </text>
    </g>
  );
}
