/** Runs as a list shows them: sweeps together, times and parameters in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunSummary, RunStateName } from '../api/types';
import type { StepStateName } from '../model/foldRun';

export type RunEntry =
  | { readonly kind: 'run'; readonly run: IRunSummary }
  | {
      readonly kind: 'sweep';
      readonly id: string;
      /** Those of the rows that have begun, in the table's order. */
      readonly runs: readonly IRunSummary[];
      /** How many rows there are. */
      readonly rows: number;
      /** The run of what all rows share. */
      readonly shared: IRunSummary | null;
      /** The parameters in which they differ. */
      readonly varying: readonly string[];
    };

/** Newest first; the runs of a sweep are one entry, which stands where its newest run would. */
export function entriesOf(runs: readonly IRunSummary[]): RunEntry[] {
  const newestFirst = [...runs].sort((a, b) => b.started_at - a.started_at);
  const entries: RunEntry[] = [];
  const seen = new Set<string>();
  for (const run of newestFirst) {
    if (run.sweep === null) {
      entries.push({ kind: 'run', run });
    } else if (!seen.has(run.sweep)) {
      seen.add(run.sweep);
      entries.push(sweepOf(run.sweep, newestFirst.filter(other => other.sweep === run.sweep)));
    }
  }
  return entries;
}

/** Of a row that was run again, and of what all share, the newest run counts. */
function sweepOf(id: string, newestFirst: readonly IRunSummary[]): RunEntry {
  const latest = new Map<number | null, IRunSummary>();
  for (const run of newestFirst) {
    if (!latest.has(run.sweep_row)) {
      latest.set(run.sweep_row, run);
    }
  }
  const shared = latest.get(null) ?? null;
  latest.delete(null);
  const runs = [...latest.values()].sort((a, b) => (a.sweep_row ?? 0) - (b.sweep_row ?? 0));
  const rows = newestFirst[0].sweep_rows ?? runs.length;
  return { kind: 'sweep', id, runs, rows, shared, varying: varyingParameters(runs) };
}

function varyingParameters(runs: readonly IRunSummary[]): string[] {
  const names = [...new Set(runs.flatMap(run => Object.keys(run.parameters)))];
  return names.filter(name => new Set(runs.map(run => JSON.stringify(run.parameters[name]))).size > 1);
}

/** The list shows no more rows of a sweep: its table is the place for many. */
const MOST_ROWS = 50;

/** The rows of a sweep that the list shows, in the table's order: those that run or failed before others. */
export function rowsToShow(runs: readonly IRunSummary[]): readonly IRunSummary[] {
  const isUrgent = (run: IRunSummary): boolean => run.state === 'running' || run.state === 'failed';
  const urgentFirst = [...runs.filter(isUrgent), ...runs.filter(run => !isUrgent(run))];
  const shown = new Set(urgentFirst.slice(0, MOST_ROWS));
  return runs.filter(run => shown.has(run));
}

/** `param_n = 5, param_name = 'x'`; those of `names`, or all. */
export function parametersText(run: IRunSummary, names?: readonly string[]): string {
  return (names ?? Object.keys(run.parameters))
    .map(name => `${name} = ${run.parameter_texts[name] ?? '?'}`)
    .join(', ');
}

/** How a run's state is called. */
export function runStateText(state: RunStateName, trans: TranslationBundle): string {
  return {
    running: trans.__('running'),
    ok: trans.__('done'),
    failed: trans.__('failed'),
    cancelled: trans.__('stopped'),
    killed: trans.__('interrupted')
  }[state];
}

/** The mark that goes with it. */
export function runMark(state: RunStateName): StepStateName {
  const marks = { running: 'running', ok: 'done', failed: 'failed', cancelled: 'notrun', killed: 'notrun' } as const;
  return marks[state];
}

/** `just now`, `5 min ago`, `3 h ago`, then the date. */
export function agoText(startedAt: number, now: number, trans: TranslationBundle): string {
  const seconds = now - startedAt;
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 24 * 3600) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  return new Date(startedAt * 1000).toLocaleDateString();
}

/** `3.2×`: how many times as fast as one worker a run was; empty where it isn't known, or broke off. */
export function speedText(run: IRunSummary): string {
  return run.state !== 'ok' || run.speedup === null || run.speedup <= 0 ? '' : `${run.speedup.toFixed(1)}×`;
}
