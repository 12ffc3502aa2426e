/** The state of a step in the run, as SVG: a mark for each state, and how far the batches are. */

import type { ReactElement } from 'react';

import type { StepStateName } from '../model/foldRun';
import * as palette from './palette';

/** So many batches are drawn one by one. */
const SINGLE = 24;

/** Marks differ in form, not only in colour; all are 14 by 14. */
const MARKS: Record<Exclude<StepStateName, 'running'>, string> = {
  queued: 'M7 3.5V7l2.5 1.8',
  done: 'M3.8 7.3 6 9.5l4.3-4.7',
  failed: 'M4.5 4.5l5 5m0-5l-5 5',
  reused: 'M4 6.2A3.2 3.2 0 0 1 9.8 5.3M10 7.8a3.2 3.2 0 0 1-5.8.9M9.9 3.4v2.1H7.8M4.1 10.6V8.5h2.1',
  notrun: 'M4.2 7h5.6'
};

/** The mark of a state, 14 pixels wide. */
export function StateMark({ x, y, state }: { x: number; y: number; state: StepStateName }): ReactElement {
  const colour = palette.STATE_COLOURS[state];
  const isFull = state === 'done' || state === 'failed';
  return (
    <g transform={`translate(${x} ${y})`} fill="none" strokeLinecap="round" strokeLinejoin="round">
      <circle
        cx={7}
        cy={7}
        r={6.2}
        fill={isFull ? colour : 'none'}
        stroke={colour}
        strokeWidth={1.3}
        strokeOpacity={state === 'running' ? 0.3 : 1}
      />
      {state === 'running' ? (
        <path className="naavre-spin" d="M7 .8A6.2 6.2 0 0 1 13.2 7" stroke={colour} strokeWidth={2} />
      ) : (
        <path d={MARKS[state]} stroke={isFull ? palette.PAPER : colour} strokeWidth={1.6} />
      )}
    </g>
  );
}

interface IBarProps {
  x: number;
  y: number;
  width: number;
  run:
    | { readonly done: number; readonly total: number }
    | { readonly progress: { readonly done: number; readonly total: number } | null };
}

/** How many batches are done: each of a few, a part of many. */
export function ProgressBar({ x, y, width, run }: IBarProps): ReactElement | null {
  const progress = 'total' in run ? run : run.progress;
  if (!progress) {
    return null;
  }
  const { done, total } = progress;
  const height = 3.5;
  if (total > SINGLE || total === 0) {
    const part = total ? Math.min(1, done / total) : 0;
    return (
      <>
        <rect x={x} y={y} width={width} height={height} rx={1.5} fill={palette.LINE} />
        <rect x={x} y={y} width={width * part} height={height} rx={1.5} fill={palette.ACCENT} />
      </>
    );
  }
  const step = width / total;
  return (
    <>
      {Array.from({ length: total }, (_, index) => (
        <rect
          key={index}
          x={x + index * step}
          y={y}
          width={Math.max(1, step - 1.5)}
          height={height}
          rx={1}
          fill={index < done ? palette.ACCENT : palette.LINE}
        />
      ))}
    </>
  );
}
