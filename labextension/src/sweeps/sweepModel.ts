// A sweep that is watched: its rows with their states, asked for as long as any of them isn't over.

import { VDomModel } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';

import { RequestError, type Client, type ISweep, type ISweepRow } from '../api/client';
import type { IRunSummary } from '../api/types';

const INTERVAL_MS = 1000;
/** Tables are told whole: larger ones less often. */
const INTERVAL_PER_ROW_MS = 4;

export class SweepModel extends VDomModel {
  /** The last row has ended while this was watched. */
  readonly ended = new Signal<this, void>(this);

  /** `path` is the notebook's. Any page can watch a sweep, as often as it likes. */
  constructor(
    readonly client: Client,
    readonly path: string,
    readonly id: string
  ) {
    super();
    void this._refresh();
  }

  /** Whether the server has told the rows. */
  get isReady(): boolean {
    return this._sweep !== null;
  }

  get rows(): readonly ISweepRow[] {
    return this._sweep?.rows ?? [];
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

  /** Whether rows can be run again. */
  get canResume(): boolean {
    return this.isReady && !this.isActive && this.rows.some(row => row.state !== 'ok');
  }

  /** The run of what all rows share. */
  get shared(): IRunSummary | null {
    return this._sweep?.shared ?? null;
  }

  run(row: ISweepRow): IRunSummary | null {
    return this._runs.get(row.run ?? '') ?? null;
  }

  /** Looks again, and goes on looking while rows run. */
  refresh(): Promise<void> {
    return this._refresh();
  }

  /** Stops all rows, or one. */
  async stop(row?: number): Promise<void> {
    try {
      await this.client.cancelSweep(this.id, row);
      await this._refresh();
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
      this.stateChanged.emit();
    }
  }

  override dispose(): void {
    window.clearTimeout(this._timer);
    Signal.clearData(this);
    super.dispose();
  }

  private async _refresh(): Promise<void> {
    window.clearTimeout(this._timer);
    const number = (this._asked += 1);
    let isGone = false;
    try {
      const sweep = await this.client.sweep(this.id, this.path);
      if (number !== this._asked) {
        return; // a later answer counts
      }
      const wasActive = this.isActive;
      this._take(sweep);
      this._problem = '';
      if (wasActive && !this.isActive) {
        this.ended.emit();
      }
    } catch (error) {
      isGone = error instanceof RequestError && error.status === 404;
      this._problem = error instanceof Error ? error.message : String(error);
    }
    if (this.isDisposed) {
      return;
    }
    this.stateChanged.emit();
    if (!isGone && (this.isActive || !this.isReady)) {
      this._timer = window.setTimeout(() => void this._refresh(), INTERVAL_MS + INTERVAL_PER_ROW_MS * this.rows.length);
    }
  }

  /** Rows and runs that are as they were stay the same objects, so that only the others are drawn anew. */
  private _take(sweep: ISweep): void {
    const rows = sweep.rows.map((row, index) => {
      const old = this.rows[index];
      const isSame = old?.state === row.state && old.run === row.run && old.message === row.message;
      return isSame ? old : row;
    });
    const runs = sweep.runs.map(run => {
      const old = this._runs.get(run.id);
      return old && old.state !== 'running' && old.state === run.state ? old : run;
    });
    this._sweep = { ...sweep, rows, runs };
    this._runs = new Map(runs.map(run => [run.id, run]));
  }

  private _sweep: ISweep | null = null;
  private _runs: ReadonlyMap<string, IRunSummary> = new Map();
  private _problem = '';
  private _timer = 0;
  private _asked = 0;
}
