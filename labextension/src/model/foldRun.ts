/** Run events → the state of the run: the TypeScript twin of the fold in `naavre_ext/cli/progress.py`. */

import type {
  IBatchFinished,
  IBatchRetried,
  IBatchReused,
  ISplitRefused,
  ISplitStarted,
  IStartedStep,
  IStepFailed,
  RunEvent,
  RunStatus
} from '../api/types';

export type StepStateName = 'queued' | 'running' | 'done' | 'failed' | 'reused' | 'notrun';

/** A loop of a step. `whole` says why it runs whole; empty while it runs in batches. */
export interface ISplitState {
  readonly split: number;
  readonly title: string | null;
  readonly items: number;
  readonly batches: number;
  readonly done: number;
  readonly doneItems: number;
  /** How many of the done batches an earlier run has computed. */
  readonly reused: number;
  readonly whole: string;
  /** What the loop's own progress bar says. */
  readonly description: string;
}

/** What is known of a step; times are Unix seconds. `notes` say what went otherwise than planned. */
export interface IStepState {
  readonly id: string;
  readonly cellId: string;
  readonly cellNumber: number;
  readonly title: string | null;
  readonly state: StepStateName;
  readonly startedAt: number;
  readonly durationS: number;
  readonly worker: string;
  readonly splits: readonly ISplitState[];
  /** Loops that ran in batches of the step's own ones. */
  readonly inner: readonly ISplitState[];
  readonly notes: readonly string[];
  /** How many calls of `# task` functions ran in workers of their own. */
  readonly tasks: number;
  readonly failure: IStepFailed | null;
  /** Why it wasn't run. */
  readonly reason: string;
}

export interface IRunMessage {
  readonly level: 'info' | 'warning';
  readonly text: string;
}

/** The run as the events so far tell it; `status` is null before `RunStarted`. */
export interface IRunState {
  readonly runId: string;
  readonly notebook: string | null;
  readonly executor: string;
  readonly slots: number;
  readonly startedAt: number;
  readonly durationS: number;
  readonly status: RunStatus | 'running' | null;
  /** In notebook order. */
  readonly steps: readonly IStepState[];
  readonly messages: readonly IRunMessage[];
}

export const NO_RUN: IRunState = {
  runId: '',
  notebook: null,
  executor: '',
  slots: 0,
  startedAt: 0,
  durationS: 0,
  status: null,
  steps: [],
  messages: []
};

/** The steps that are counted: those of the user's cells. An injected cell has the number of the cell before it. */
export function countedSteps(state: IRunState): IStepState[] {
  return state.steps.filter((step, index) => step.cellNumber !== state.steps[index - 1]?.cellNumber);
}

/** The state after these events. Events about unknown steps change nothing; steps not spoken of stay the same object. */
export function foldRun(state: IRunState, events: Iterable<RunEvent>): IRunState {
  let next = state;
  let steps = [...state.steps];
  let places = new Map(steps.map((step, index) => [step.id, index]));
  for (const event of events) {
    switch (event.type) {
      case 'RunStarted':
        steps = event.steps.map(queuedStep);
        places = new Map(steps.map((step, index) => [step.id, index]));
        next = {
          ...NO_RUN,
          runId: event.run_id,
          notebook: event.notebook,
          executor: event.executor,
          slots: event.slots,
          startedAt: event.at,
          status: 'running'
        };
        break;
      case 'RunFinished':
        next = { ...next, status: event.status, durationS: event.duration_s };
        break;
      case 'MessageLogged':
        next = { ...next, messages: [...next.messages, { level: event.level, text: event.text }] };
        break;
      default: {
        const place = places.get(event.step);
        if (place !== undefined) {
          steps[place] = foldStep(steps[place], event);
        }
      }
    }
  }
  return { ...next, steps };
}

function queuedStep(step: IStartedStep): IStepState {
  return {
    id: step.id,
    cellId: step.cell_id,
    cellNumber: step.cell_number,
    title: step.title,
    state: 'queued',
    startedAt: 0,
    durationS: 0,
    worker: '',
    splits: [],
    inner: [],
    notes: [],
    tasks: 0,
    failure: null,
    reason: ''
  };
}

function foldStep(step: IStepState, event: RunEvent): IStepState {
  const noting = (note: string): readonly string[] => [...step.notes, note];
  if ('within' in event && event.within) {
    return foldInner(step, event);
  }
  switch (event.type) {
    case 'StepStarted':
      return { ...step, state: 'running', startedAt: event.at, splits: [], inner: [], tasks: 0, failure: null };
    case 'StepRelocated':
      return {
        ...step,
        state: 'queued',
        splits: [],
        inner: [],
        tasks: 0,
        notes: noting(`ran again in the main worker: ${event.reason}`)
      };
    case 'StepRetried':
      return { ...step, state: 'queued', splits: [], inner: [], tasks: 0, notes: noting(`tried again after ${event.reason}`) };
    case 'BatchRetried':
      return { ...step, notes: noting(`batch ${event.batch + 1} was tried again: ${event.reason}`) };
    case 'CellOutputsDiscarded':
      return { ...step, splits: [], inner: [], tasks: 0 };
    case 'StepFinished':
      return { ...step, state: 'done', durationS: event.duration_s, worker: event.worker };
    case 'StepReused':
      return { ...step, state: 'reused' };
    case 'StepFailed':
      return { ...step, state: 'failed', durationS: event.duration_s, worker: event.worker, failure: event };
    case 'StepNotRun':
      return { ...step, state: 'notrun', failure: null, reason: event.reason };
    case 'SplitStarted':
      return { ...step, splits: withStarted(step.splits, event) };
    case 'BatchFinished':
    case 'BatchReused':
      return { ...step, splits: step.splits.map(split => withBatch(split, event)) };
    case 'TaskFinished':
      return { ...step, tasks: step.tasks + 1 };
    case 'SplitRefused':
      return {
        ...step,
        splits: step.splits.map(split =>
          split.split === event.split ? { ...split, whole: event.reason } : split
        ),
        notes: noting(`a loop ran whole: ${event.reason}`)
      };
    default:
      return step;
  }
}

/** After an event of a loop that ran in a batch; such a loop may begin often, so each note is told once. */
function foldInner(
  step: IStepState,
  event: ISplitStarted | IBatchFinished | IBatchRetried | ISplitRefused
): IStepState {
  const noting = (note: string): IStepState =>
    step.notes.includes(note) ? step : { ...step, notes: [...step.notes, note] };
  switch (event.type) {
    case 'SplitStarted':
      return { ...step, inner: withStarted(step.inner, event) };
    case 'BatchFinished':
      return { ...step, inner: step.inner.map(split => withBatch(split, event)) };
    case 'BatchRetried':
      return noting(`a batch of a loop in a batch was tried again: ${event.reason}`);
    case 'SplitRefused':
      return noting(`a loop in a batch ran whole: ${event.reason}`);
  }
}

/** With one more split; a loop that starts again, in a function called twice, adds up. */
function withStarted(splits: readonly ISplitState[], event: ISplitStarted): ISplitState[] {
  const fresh: ISplitState = {
    split: event.split,
    title: event.title,
    items: Math.max(0, event.items), // it is -1 where nobody can know how many there will be
    batches: event.batches,
    done: 0,
    doneItems: 0,
    reused: 0,
    whole: event.batches ? '' : event.reason || 'it has too little to do',
    description: event.description
  };
  if (!splits.some(split => split.split === event.split)) {
    return [...splits, fresh];
  }
  return splits.map(split =>
    split.split === event.split
      ? {
          ...split,
          items: split.items + fresh.items,
          batches: split.batches + fresh.batches,
          whole: split.whole ? fresh.whole : ''
        }
      : split
  );
}

function withBatch(split: ISplitState, event: IBatchFinished | IBatchReused): ISplitState {
  if (split.split !== event.split) {
    return split;
  }
  const done = split.done + 1;
  return {
    ...split,
    done,
    doneItems: split.doneItems + event.items,
    reused: split.reused + (event.type === 'BatchReused' ? 1 : 0),
    batches: Math.max(split.batches, done)
  };
}

/**
 * Batches of a step's split loops together; null when none of its loops runs in batches.
 *
 * Items, where all batches so far are done and items are left: batches that are sized while running aren't counted before.
 */
export function batchProgress(step: IStepState): { done: number; total: number } | null {
  const split = step.splits.filter(part => part.batches > 0 && !part.whole);
  if (!split.length) {
    return null;
  }
  const sum = (value: (part: ISplitState) => number): number => split.reduce((total, part) => total + value(part), 0);
  const batches = { done: sum(part => part.done), total: sum(part => part.batches) };
  const items = { done: sum(part => part.doneItems), total: sum(part => part.items) };
  return step.state === 'running' && batches.done >= batches.total && items.done < items.total ? items : batches;
}
