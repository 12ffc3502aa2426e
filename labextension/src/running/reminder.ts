// Which run a page takes up when it was loaded again: one that goes on, or whose outputs aren't saved.

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** Remembers, over reloads, which run a notebook was following. */
export interface IRunMemory {
  recall(path: string): Promise<string | null>;
  remember(path: string, runId: string | null): Promise<void>;
}

/** Keeps the memory of one notebook's run, also when the notebook gets another name. */
export class Reminder implements IDisposable {
  constructor(
    private readonly _memory: IRunMemory,
    private readonly _panel: NotebookPanel
  ) {
    this._path = _panel.context.path;
    _panel.context.pathChanged.connect(this._onRenamed, this);
    _panel.context.saveState.connect(this._onSaved, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The run that the page before was following, or whose outputs it hadn't saved. */
  recall(): Promise<string | null> {
    return this._memory.recall(this._path);
  }

  /** A run of this page has begun. */
  begin(runId: string): void {
    this._isUnsaved = false;
    void this._memory.remember(this._path, runId);
  }

  /** This run is followed; outputs of another one, saved or not, make way. */
  follow(runId: string): void {
    if (this._isUnsaved) {
      this._forget();
    }
    this._runId = runId;
  }

  /** The run is over. Megabytes are written into the cells for a while after that, until `isWritten`. */
  end(isWritten: () => boolean): void {
    const { model } = this._panel;
    this._isWritten = isWritten;
    this._isWhole = false; // what is being saved was taken before
    // A shared document is there for all pages, saved or not.
    this._isUnsaved = (model?.dirty || !isWritten()) && !model?.collaborative;
    if (!this._isUnsaved) {
      this._forget();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _forget(): void {
    this._isUnsaved = false;
    this._runId = null;
    void this._memory.remember(this._path, null);
  }

  /** What was in the cells when saving began is in the file now. */
  private _onSaved(_: unknown, state: DocumentRegistry.SaveState): void {
    if (state === 'started') {
      this._isWhole = this._isWritten();
    } else if (state === 'completed' && this._isUnsaved && this._isWhole) {
      this._forget();
    }
  }

  private _onRenamed(_: unknown, path: string): void {
    const before = this._path;
    this._path = path;
    if (this._runId !== null) {
      void this._memory.remember(before, null);
      void this._memory.remember(path, this._runId);
    }
  }

  private _path: string;
  private _runId: string | null = null;
  private _isUnsaved = false;
  private _isWhole = false;
  private _isDisposed = false;
  private _isWritten = (): boolean => true;
}
