import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';
import { RunFeed, type FeedState } from '../api/events';
import type { IRunEnd, IRunSummary, RunEvent } from '../api/types';
import { foldRun, NO_RUN, type IRunState, type IStepState } from './foldRun';

/**
 * A run that is followed from its first event on, running or over.
 *
 * `received` brings events in order, each once, several at a time; `changed` follows when `state` has
 * them, and also when the connection or the end changes.
 */
export class RunModel implements IDisposable {
  readonly received = new Signal<this, readonly RunEvent[]>(this);
  readonly changed = new Signal<this, void>(this);

  constructor(
    client: Client,
    readonly summary: IRunSummary
  ) {
    this.feed = new RunFeed(client, summary.id, summary.path);
    this.feed.received.connect(this.onEvents, this);
    this.feed.stateChanged.connect(() => this.changed.emit());
    this.feed.ended.connect((_, end) => {
      this._end = end;
      this.changed.emit();
    });
    this.feed.open();
  }

  get id(): string {
    return this.summary.id;
  }

  get state(): IRunState {
    return this._state;
  }

  /** How it ended; null while it runs. */
  get end(): IRunEnd | null {
    return this._end;
  }

  get connection(): FeedState {
    return this.feed.state;
  }

  get isDisposed(): boolean {
    return this.feed.isDisposed;
  }

  step(cellId: string): IStepState | null {
    return this._state.steps.find(step => step.cellId === cellId) ?? null;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.feed.dispose();
      Signal.clearData(this);
    }
  }

  private onEvents(_: RunFeed, events: readonly RunEvent[]): void {
    this._state = foldRun(this._state, events);
    this.received.emit(events);
    this.changed.emit();
  }

  private readonly feed: RunFeed;
  private _state = NO_RUN;
  private _end: IRunEnd | null = null;
}
