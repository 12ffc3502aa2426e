/** What happens in a run, as `naavre_ext/model/event.py` writes it: past tense, `seq` counts from 0 within a run. */

export type RunStatus = 'ok' | 'failed' | 'cancelled';

interface IEvent<T extends string> {
  v: 1;
  type: T;
  seq: number;
  /** Unix time in seconds. */
  at: number;
}

interface IStepEvent<T extends string> extends IEvent<T> {
  step: string;
  cell_id: string;
}

interface IStepEnded<T extends string> extends IStepEvent<T> {
  execution_count: number;
  started_at: number;
  duration_s: number;
  worker: string;
}

/** An output in nbformat's shape, or one of the instructions `clear_output` and `update_display_data`. */
export interface IOutputMessage {
  output_type: string;
  [key: string]: unknown;
}

export interface IStartedStep {
  id: string;
  cell_id: string;
  cell_number: number;
  title: string | null;
  placement: string;
}

export interface IRunStarted extends IEvent<'RunStarted'> {
  run_id: string;
  notebook: string | null;
  executor: string;
  slots: number;
  steps: IStartedStep[];
}

export interface IStepStarted extends IStepEvent<'StepStarted'> {
  placement: string;
}

/** The step's result from another worker was thrown away; it runs again in the main worker. */
export interface IStepRelocated extends IStepEvent<'StepRelocated'> {
  reason: string;
}

export interface ICellOutputReceived extends IStepEvent<'CellOutputReceived'> {
  /** Counts the cell's output messages from 0. */
  number: number;
  output: IOutputMessage;
}

export type ICellOutputsDiscarded = IStepEvent<'CellOutputsDiscarded'>;

export interface ISplitStarted extends IStepEvent<'SplitStarted'> {
  split: number;
  title: string | null;
  items: number;
  /** 0 when the loop runs whole, for `reason`. */
  batches: number;
  reason: string;
  description: string;
  /** The batches that the loop ran in, as `SPLIT.BATCH`, the outermost first; empty for a loop that the cell came to. */
  within?: string;
}

export interface IBatchFinished extends IStepEvent<'BatchFinished'> {
  split: number;
  batch: number;
  items: number;
  started_at: number;
  duration_s: number;
  worker: string;
  within?: string;
}

export interface IBatchRetried extends IStepEvent<'BatchRetried'> {
  split: number;
  batch: number;
  tries: number;
  reason: string;
  within?: string;
}

export interface IStepRetried extends IStepEvent<'StepRetried'> {
  tries: number;
  reason: string;
}

export interface IBatchReused extends IStepEvent<'BatchReused'> {
  split: number;
  batch: number;
  start: number;
  items: number;
}

export interface ITaskFinished extends IStepEvent<'TaskFinished'> {
  function: string;
  task: number;
  /** 1 for a call of the cell, 2 for one that a task made, and so on. */
  level: number;
  started_at: number;
  duration_s: number;
  worker: string;
}

export interface ISplitRefused extends IStepEvent<'SplitRefused'> {
  split: number;
  reason: string;
  within?: string;
}

export interface IStepFinished extends IStepEnded<'StepFinished'> {
  batches: number;
  unkept: string;
}

export interface IStepReused extends IStepEnded<'StepReused'> {
  /** The run that the result is from. */
  source: string;
}

export interface IStepFailed extends IStepEnded<'StepFailed'> {
  ename: string;
  evalue: string;
  traceback: string[];
  batch: number | null;
  item: number | null;
  item_repr: string | null;
}

export interface IStepNotRun extends IStepEvent<'StepNotRun'> {
  reason: string;
}

export interface IMessageLogged extends IEvent<'MessageLogged'> {
  level: 'info' | 'warning';
  text: string;
  code: string;
}

export interface IRunFinished extends IEvent<'RunFinished'> {
  status: RunStatus;
  duration_s: number;
  counts: Record<string, number>;
}

export type RunEvent =
  | IRunStarted
  | IStepStarted
  | IStepRelocated
  | ICellOutputReceived
  | ICellOutputsDiscarded
  | ISplitStarted
  | IBatchFinished
  | IBatchRetried
  | IStepRetried
  | IBatchReused
  | ISplitRefused
  | ITaskFinished
  | IStepFinished
  | IStepReused
  | IStepFailed
  | IStepNotRun
  | IMessageLogged
  | IRunFinished;
