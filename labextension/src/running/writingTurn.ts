// Who writes a run's outputs into a notebook that several people have open: one of them, as all would write the same.

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

/**
 * Of the pages that follow a run, the one with the lowest number has the turn; when it goes away, the next one has it.
 *
 * A notebook that isn't shared has one page, whose turn it always is.
 */
export class WritingTurn implements IDisposable {
  private readonly _awareness: IAwareness | null;
  private _isDisposed = false;

  /** `onChange`: it may be this page's turn now. */
  constructor(
    notebook: ISharedNotebook,
    private readonly _runId: string,
    private readonly _onChange: () => void
  ) {
    this._awareness = (notebook as { awareness?: IAwareness }).awareness ?? null;
    this._awareness?.setLocalStateField(FIELD, _runId);
    this._awareness?.on('change', this._onChange);
  }

  get isOurs(): boolean {
    if (!this._awareness) {
      return true;
    }
    const followers = [...this._awareness.getStates()].filter(([, state]) => state[FIELD] === this._runId);
    return !followers.some(([id]) => id < (this._awareness?.clientID ?? 0));
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._awareness?.off('change', this._onChange);
      this._awareness?.setLocalStateField(FIELD, null);
    }
  }
}
