/** The timeline of a run as the server tells it, and what is drawn of it. */

import type { ISpan } from './gantt';

/** Times are Unix seconds. `batch` and `split` are null where a step itself computed. */
export interface ITimelineSpan {
  step: string;
  split: number | null;
  batch: number | null;
  items: number | null;
  /** The batches that the loop of the batch ran in; empty for a loop that the cell came to. */
  within?: string;
  worker: string;
  start: number;
  end: number;
}

export interface ITimelineStep {
  id: string;
  cell_number: number;
  title: string | null;
  state: string;
  batches: number;
  /** Why loops of it ran whole. */
  whole: string[];
  /** Why it ran more than once. */
  again: string;
}

export interface ITimeline {
  run_id: string;
  state: string;
  slots: number;
  start: number;
  end: number;
  steps: ITimelineStep[];
  rows: { worker: string; spans: ITimelineSpan[] }[];
  critical_path: { place: string; seconds: number; batches: number }[];
  explanation: {
    seconds: number;
    work_s: number;
    speed_up: number;
    efficiency: number;
    /** By cause: how much of the run's time, in seconds, the idle workers amount to. */
    lost: Record<string, number>;
    batch_times: {
      place: string;
      batches: number;
      workers: number;
      least: number;
      median: number;
      most: number;
      total: number;
    }[];
    advice: { text: string; gain_s: number; cell_number: number | null };
  };
}

/** `cell 5 "work"`, as the critical path names steps. */
export function stepPlace(step: ITimelineStep): string {
  return `cell ${step.cell_number}${step.title ? ` "${step.title}"` : ''}`;
}

/** The steps that the run's end waited for. */
export function criticalSteps(timeline: ITimeline): Set<string> {
  const places = new Set(timeline.critical_path.map(part => part.place));
  return new Set(timeline.steps.filter(step => places.has(stepPlace(step))).map(step => step.id));
}

/** Who worked when, in seconds from the start of the run. */
export function spansOf(timeline: ITimeline): ISpan[] {
  const failed = new Set(timeline.steps.filter(step => step.state === 'failed').map(step => step.id));
  return timeline.rows.flatMap(row =>
    row.spans.map(span => ({
      step: span.step,
      batch: span.batch,
      split: span.split ?? 0,
      items: span.items ?? 0,
      within: span.within ?? '',
      worker: row.worker,
      start: Math.max(0, span.start - timeline.start),
      end: Math.max(0, span.end - timeline.start),
      failed: failed.has(span.step) && span.batch === null
    }))
  );
}
