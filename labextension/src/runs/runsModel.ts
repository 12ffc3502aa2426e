/** The runs of the notebook in front, or of all notebooks; kept up while somebody looks. */

import { Poll } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IRunSummary } from '../api/types';
import type { WorkflowModel } from '../model/workflowModel';
import type { IWorkflows } from '../tokens';

const QUICK_MS = 2000;
const SLOW_MS = 15000;

/** Whether a run goes on, or others have come since: those of a sweep may be over whenever the list is looked at. */
export function isBusy(before: readonly IRunSummary[], now: readonly IRunSummary[]): boolean {
  return now.some(run => run.state === 'running') || now.length !== before.length || now[0]?.id !== before[0]?.id;
}

export class RunsModel implements IDisposable {
  readonly changed = new Signal<this, void>(this);

  /** `isSeen` says whether somebody looks at the list. */
  constructor(
    readonly workflows: IWorkflows,
    isSeen: () => boolean
  ) {
    this.poll = new Poll({
      factory: () => this.fetch(),
      frequency: { interval: SLOW_MS, backoff: true, max: 60000 },
      standby: () => !isSeen() || document.hidden,
      name: 'naavre-ext:runs',
      auto: true
    });
    workflows.currentChanged.connect(this.onCurrent, this);
    this.onCurrent();
  }

  get runs(): readonly IRunSummary[] {
    return this._runs;
  }

  /** Whether there has been an answer for what is shown. */
  get isReady(): boolean {
    return this._isReady;
  }

  get problem(): string {
    return this._problem;
  }

  get ofAll(): boolean {
    return this._ofAll;
  }

  set ofAll(value: boolean) {
    this._ofAll = value;
    this.startOver();
  }

  /** Of the notebook in front; empty for all. */
  get path(): string {
    return this._ofAll ? '' : (this.workflows.current?.path ?? '');
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  refresh(): void {
    void this.poll.refresh();
  }

  /** The run was deleted. */
  forget(run: IRunSummary): void {
    this._runs = this._runs.filter(other => other.id !== run.id);
    this.changed.emit();
    this.refresh();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.poll.dispose();
      this.workflows.currentChanged.disconnect(this.onCurrent, this);
      this.leave();
      Signal.clearData(this);
    }
  }

  private async fetch(): Promise<void> {
    const { path } = this;
    try {
      const runs = this._ofAll || path ? await this.workflows.client.runs(path) : [];
      if (path !== this.path) {
        // Refreshing does nothing while an answer for another notebook is waited for.
        return await this.fetch();
      }
      const interval = isBusy(this._runs, runs) ? QUICK_MS : SLOW_MS;
      this.poll.frequency = { ...this.poll.frequency, interval };
      this._runs = runs;
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    }
    this._isReady = true;
    this.changed.emit();
  }

  private onCurrent(): void {
    const { current } = this.workflows;
    if (current === this.followed) {
      return;
    }
    this.leave();
    this.followed = current;
    current?.runChanged.connect(this.onRun, this);
    this.startOver();
  }

  private startOver(): void {
    this._runs = [];
    this._isReady = false;
    this.changed.emit();
    this.refresh();
  }

  /** A run has begun or ended; what happens between is asked for now and then. */
  private onRun(workflow: WorkflowModel): void {
    const key = `${workflow.run?.id ?? ''} ${workflow.run?.end?.status ?? ''}`;
    if (key !== this.known) {
      this.known = key;
      this.refresh();
    }
  }

  private leave(): void {
    if (this.followed && !this.followed.isDisposed) {
      this.followed.runChanged.disconnect(this.onRun, this);
    }
    this.followed = null;
  }

  private readonly poll: Poll;
  private _runs: readonly IRunSummary[] = [];
  private _isReady = false;
  private _ofAll = false;
  private _problem = '';
  private followed: WorkflowModel | null = null;
  private known = '';
}
