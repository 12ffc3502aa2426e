// How long a run will still take, from what its steps took the last time and from how far its loops are.

import type { IRunState, IStepState } from '../model/foldRun';

/**
 * The seconds that are left at `now` (Unix time in seconds); null when too little is known.
 *
 * `took` are the seconds of an earlier run, by cell. Steps that wait and took an unknown time count as nothing, so it is
 * told only once most of what is left is known.
 */
export function secondsLeft(
  state: IRunState,
  now: number,
  took: ReadonlyMap<string, number>
): number | null {
  let left = 0;
  let unknown = 0;
  let known = 0;
  for (const step of state.steps) {
    const seconds = stepLeft(step, now, took.get(step.cellId));
    if (seconds === null) {
      unknown += 1;
    } else {
      known += 1;
      left += seconds;
    }
  }
  return state.status === 'running' && known > unknown ? left : null;
}

function stepLeft(step: IStepState, now: number, took: number | undefined): number | null {
  if (step.state === 'queued') {
    return took ?? null;
  }
  if (step.state !== 'running') {
    return 0;
  }
  const elapsed = Math.max(0, now - step.startedAt);
  const items = step.splits.reduce((sum, split) => sum + split.items, 0);
  const done = step.splits.reduce((sum, split) => sum + split.doneItems, 0);
  if (done > 0 && items > 0) {
    return (elapsed * (items - done)) / done;
  }
  return took === undefined ? null : Math.max(0, took - elapsed);
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
