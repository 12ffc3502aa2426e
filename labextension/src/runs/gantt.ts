/** A run as bars over time, a row for each worker. Times are seconds from the start of the run. */

/** Somebody worked on a step, or on one batch of it. */
export interface ISpan {
  readonly step: string;
  /** Null for the step itself: with its batches, if it has any. */
  readonly batch: number | null;
  /** Which loop of the step the batch is of. */
  readonly split: number;
  readonly items: number;
  /** The batches that the loop of the batch ran in; empty for a loop that the cell came to. */
  readonly within?: string;
  readonly worker: string;
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
}

/** What is drawn: a span, or `count` batches of a step that are too short to be drawn one by one. */
export interface IBar {
  readonly step: string;
  readonly kind: 'step' | 'batch';
  readonly batch: number | null;
  readonly split: number;
  readonly items: number;
  readonly within: string;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  /** The run's end waited for it. */
  readonly critical: boolean;
  readonly failed: boolean;
}

export interface IRow {
  readonly worker: string;
  /** Steps first, so that batches are drawn above them. */
  readonly bars: readonly IBar[];
  /** How much of the run's time somebody worked here, from 0 to 1. */
  readonly busy: number;
}

export interface ITick {
  readonly at: number;
  readonly label: string;
}

export interface IGantt {
  readonly rows: readonly IRow[];
  readonly ticks: readonly ITick[];
  readonly seconds: number;
}

/** Bars narrower than this, in pixels, are drawn together with their neighbours. */
const NARROW = 2;
const TICK_GAP = 70;

/**
 * The rows of a run of `seconds`, drawn `width` pixels wide; `critical` are the steps of the critical path.
 *
 * Workers stand in the order in which they began. However many batches there are, there are no more
 * bars than pixels can show.
 */
export function ganttOf(
  spans: readonly ISpan[],
  seconds: number,
  critical: ReadonlySet<string>,
  width: number
): IGantt {
  const length = spans.reduce((most, span) => Math.max(most, span.end), Math.max(seconds, 1e-3));
  const split = new Set(spans.filter(span => span.batch !== null).map(span => span.step));
  const byWorker = new Map<string, ISpan[]>();
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const own = byWorker.get(span.worker);
    if (own) {
      own.push(span);
    } else {
      byWorker.set(span.worker, [span]);
    }
  }
  const least = (NARROW * length) / Math.max(width, 1);
  const rows = [...byWorker].map(([worker, own]) => ({
    worker,
    bars: barsOf(own, critical, least),
    busy: covered(own.filter(span => span.batch !== null || !split.has(span.step))) / length
  }));
  return { rows, ticks: ticksOf(length, width), seconds: length };
}

function barsOf(spans: readonly ISpan[], critical: ReadonlySet<string>, least: number): IBar[] {
  const steps: IBar[] = [];
  const batches: IBar[] = [];
  for (const span of spans) {
    const bar: IBar = {
      step: span.step,
      kind: span.batch === null ? 'step' : 'batch',
      batch: span.batch,
      split: span.split,
      items: span.items,
      within: span.within ?? '',
      count: 1,
      start: span.start,
      end: span.end,
      critical: critical.has(span.step),
      failed: span.failed
    };
    const last = batches[batches.length - 1];
    if (bar.kind === 'step') {
      steps.push(bar);
    } else if (last && belongTogether(last, bar, least)) {
      batches[batches.length - 1] = {
        ...last,
        batch: null,
        items: last.items + bar.items,
        count: last.count + 1,
        end: Math.max(last.end, bar.end),
        failed: last.failed || bar.failed
      };
    } else {
      batches.push(bar);
    }
  }
  return [...steps, ...batches];
}

/** Both are short, of one loop, and with no visible gap between them. */
function belongTogether(last: IBar, bar: IBar, least: number): boolean {
  const isNarrow = bar.end - bar.start < least && (last.end - last.start) / last.count < least;
  return isNarrow && last.step === bar.step && last.split === bar.split && bar.start - last.end < least;
}

/** How long at least one of the spans, sorted by start, goes on. */
function covered(spans: readonly ISpan[]): number {
  let total = 0;
  let until = -Infinity;
  for (const { start, end } of spans) {
    total += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return total;
}

/** Round times so far apart that their labels don't touch. */
export function ticksOf(seconds: number, width: number): ITick[] {
  const wanted = (TICK_GAP * seconds) / Math.max(width, 1);
  const step = STEPS.find(candidate => candidate >= wanted) ?? 3600 * Math.ceil(wanted / 3600);
  const ticks: ITick[] = [];
  for (let index = 0; index * step <= seconds * (1 + 1e-9); index += 1) {
    ticks.push({ at: index * step, label: tickLabel(index * step, step) });
  }
  return ticks;
}

const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600
];

/** `250 ms`, `1.5 s`, `40 s`, `3:20`, `1:00:00`. */
function tickLabel(at: number, step: number): string {
  if (at === 0) {
    return '0';
  }
  if (step < 0.1 && at < 1) {
    return `${Math.round(at * 1000)} ms`;
  }
  if (at < 60) {
    const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
    return `${at.toFixed(decimals)} s`;
  }
  const whole = Math.round(at);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
