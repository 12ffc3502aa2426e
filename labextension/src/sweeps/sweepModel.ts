// A sweep that is watched: its rows with their states, asked for as long as any of them isn't over.

import { VDomModel } from '@jupyterlab/ui-components';

import type { Client, ISweep, ISweepRow } from '../api/client';
import type { IRunSummary } from '../api/types';

const INTERVAL_MS = 1000;

export class SweepModel extends VDomModel {
  constructor(
    readonly client: Client,
    readonly path: string,
    private _sweep: ISweep
  ) {
    super();
    this._watch();
  }

  get id(): string {
    return this._sweep.sweep;
  }

  get rows(): readonly ISweepRow[] {
    return this._sweep.rows;
  }

  /** Why the rows may not be up to date. */
  get problem(): string {
    return this._problem;
  }

  get isActive(): boolean {
    return this.rows.some(row => row.state === 'running' || row.state === 'queued');
  }

  /** How many rows are in each state. */
  get counts(): ReadonlyMap<ISweepRow['state'], number> {
    const counts = new Map<ISweepRow['state'], number>();
    for (const { state } of this.rows) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  /** The parameters that the rows set, in the order of the first one. */
  get names(): readonly string[] {
    return [...new Set(this.rows.flatMap(row => Object.keys(row.parameters)))];
  }

  run(row: ISweepRow): IRunSummary | null {
    return this._sweep.runs.find(run => run.id === row.run) ?? null;
  }

  async stop(): Promise<void> {
    try {
      await this.client.cancelSweep(this.id);
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    }
    await this._refresh();
  }

  override dispose(): void {
    window.clearTimeout(this._timer);
    super.dispose();
  }

  private _watch(): void {
    window.clearTimeout(this._timer);
    if (this.isActive && !this.isDisposed) {
      this._timer = window.setTimeout(() => void this._refresh(), INTERVAL_MS);
    }
  }

  private async _refresh(): Promise<void> {
    try {
      this._sweep = await this.client.sweep(this.id, this.path);
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    }
    if (!this.isDisposed) {
      this.stateChanged.emit();
      this._watch();
    }
  }

  private _timer = 0;
  private _problem = '';
}
