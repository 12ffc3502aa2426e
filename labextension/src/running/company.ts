// Pages that have the same notebook open tell each other which run they follow.

import type { ISharedNotebook } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';

const FIELD = 'naavre-ext:following';

/** What is used of Yjs' awareness: what each page with the notebook in it tells the others. */
interface IAwareness {
  readonly clientID: number;
  getStates(): ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  setLocalStateField(field: string, value: unknown): void;
  on(name: 'change', callback: () => void): void;
  off(name: 'change', callback: () => void): void;
}

/** The other pages' runs, of which each new one is told once. */
export class Company implements IDisposable {
  private readonly _awareness: IAwareness | null;
  private _known = new Set<unknown>();
  private _isDisposed = false;

  constructor(
    notebook: ISharedNotebook,
    private readonly _onRun: (runId: string) => void
  ) {
    this._awareness = (notebook as { awareness?: IAwareness }).awareness ?? null;
    this._awareness?.on('change', this._onChange);
  }

  /** Tells the others which run this page follows. */
  follow(runId: string | null): void {
    if (!this._isDisposed && runId !== this._told) {
      this._told = runId;
      this._awareness?.setLocalStateField(FIELD, runId);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this.follow(null);
      this._isDisposed = true;
      this._awareness?.off('change', this._onChange);
    }
  }

  private readonly _onChange = (): void => {
    const states = this._awareness ? [...this._awareness.getStates()] : [];
    const others = states.filter(([id]) => id !== this._awareness?.clientID);
    const runs = new Set(others.map(([, state]) => state[FIELD]));
    const fresh = [...runs].filter(run => !this._known.has(run));
    this._known = runs;
    for (const run of fresh) {
      if (typeof run === 'string' && run !== this._told) {
        this._onRun(run);
      }
    }
  };

  private _told: string | null = null;
}
