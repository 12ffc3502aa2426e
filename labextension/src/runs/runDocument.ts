/** One run that is looked at: what the server knows of it, its timeline and its logs. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Client, IRunDetails } from '../api/client';
import { RunFeed } from '../api/events';
import type { IRunSummary, RunEvent } from '../api/types';
import { LogBook } from './logBook';
import type { ITimeline } from './timeline';

/** While a run goes on, it is asked for anew no more often than this. */
const REFRESH_MS = 1000;

export class RunDocument implements IDisposable {
  readonly changed = new Signal<this, void>(this);
  readonly logs = new LogBook();

  constructor(
    readonly client: Client,
    readonly id: string,
    readonly path: string
  ) {
    this.feed = new RunFeed(client, id, path);
    this.feed.received.connect(this.onEvents, this);
    this.feed.ended.connect(() => this.load());
    this.feed.open();
    this.load();
  }

  get summary(): IRunSummary | null {
    return this._details?.run ?? null;
  }

  get details(): IRunDetails | null {
    return this._details;
  }

  get timeline(): ITimeline | null {
    return this._timeline;
  }

  get problem(): string {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this.feed.isDisposed;
  }

  /** The id of the cell that had this number in the run; null when the run had none. */
  cellOf(cellNumber: number | null): string | null {
    const steps = this._details?.workflow?.steps ?? [];
    return steps.find(step => step.cell_number === cellNumber)?.cell_id ?? null;
  }

  load(): void {
    void this.fetch();
  }

  dispose(): void {
    if (!this.isDisposed) {
      window.clearTimeout(this.timer);
      this.feed.dispose();
      Signal.clearData(this);
    }
  }

  private async fetch(): Promise<void> {
    const number = (this.asked += 1);
    try {
      const [details, timeline] = await Promise.all([
        this.client.run(this.id, this.path),
        this.client.timeline<ITimeline>(this.id, this.path)
      ]);
      if (number !== this.asked || this.isDisposed) {
        return;
      }
      this._details = details;
      this._timeline = timeline;
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    }
    if (!this.isDisposed) {
      this.changed.emit();
    }
  }

  private onEvents(_: RunFeed, events: readonly RunEvent[]): void {
    this.logs.add(events);
    if (!this.timer) {
      this.timer = window.setTimeout(() => {
        this.timer = 0;
        if (this.summary?.state === 'running') {
          this.load();
        } else {
          this.changed.emit();
        }
      }, this._details ? REFRESH_MS : 0);
    }
  }

  private readonly feed: RunFeed;
  private _details: IRunDetails | null = null;
  private _timeline: ITimeline | null = null;
  private _problem = '';
  private asked = 0;
  private timer = 0;
}
