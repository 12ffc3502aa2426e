/** What each node shows of the run, told node by node, so that progress redraws only what it is about. */

import { batchProgress, type IRunState, type IStepState, type StepStateName } from '../model/foldRun';

export interface ISplitRun {
  readonly done: number;
  readonly total: number;
  /** Why the loop runs whole; empty while it runs in batches. */
  readonly whole: string;
}

export interface INodeRun {
  readonly state: StepStateName;
  /** Batches of all loops together; null when none runs in batches. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly splits: ReadonlyMap<number, ISplitRun>;
  readonly durationS: number;
  /** What went wrong, or why it didn't run. */
  readonly remark: string;
}

/**
 * The states of a run's steps, to be subscribed to by id.
 *
 * However often `update` is called at once, subscribers are told once; events come once a frame.
 */
export class NodeRuns {
  /** `request` calls back soon, before a frame is painted. */
  constructor(private readonly request: (callback: () => void) => void = callback => queueMicrotask(callback)) {}

  /** What is known of a step; null when there is no run or it isn't part of it. The same object until it changes. */
  get(id: string): INodeRun | null {
    return this.shown.get(id) ?? null;
  }

  /** Calls back when the step's state has changed; returns what ends that. */
  subscribe(id: string, callback: () => void): () => void {
    const callbacks = this.callbacks.get(id) ?? new Set();
    this.callbacks.set(id, callbacks.add(callback));
    return () => callbacks.delete(callback);
  }

  /** Shows this run, or none. */
  update(run: IRunState | null): void {
    this.run = run;
    if (!this.isRequested) {
      this.isRequested = true;
      this.request(() => this.flush());
    }
  }

  private flush(): void {
    this.isRequested = false;
    const steps = new Map((this.run?.steps ?? []).map(step => [step.id, step]));
    for (const id of new Set([...this.steps.keys(), ...steps.keys()])) {
      const step = steps.get(id);
      if (step === this.steps.get(id)) {
        continue;
      }
      if (step) {
        this.shown.set(id, nodeRun(step));
      } else {
        this.shown.delete(id);
      }
      this.callbacks.get(id)?.forEach(callback => callback());
    }
    this.steps = steps;
  }

  private run: IRunState | null = null;
  private isRequested = false;
  private steps: ReadonlyMap<string, IStepState> = new Map();
  private readonly shown = new Map<string, INodeRun>();
  private readonly callbacks = new Map<string, Set<() => void>>();
}

export function nodeRun(step: IStepState): INodeRun {
  const { failure } = step;
  return {
    state: step.state,
    progress: batchProgress(step),
    splits: new Map(
      step.splits.map(split => [split.split, { done: split.done, total: split.batches, whole: split.whole }])
    ),
    durationS: step.durationS,
    remark: failure ? `${failure.ename}: ${failure.evalue}` : step.reason
  };
}
