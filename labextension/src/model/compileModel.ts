import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { RequestError, type Client } from '../api/client';
import type { ICellCheck, ICompiled, IDiagnostic, IStep } from '../api/types';
import { isPython, notebookSource, sourceKey } from './notebookContent';

/** While somebody types without a pause, it is compiled after so many delays anyway. */
const LONGEST_WAIT = 5;

const NOTHING: ICompiled = { workflow: null, cells: [], diagnostics: [], annotations: {} };

/**
 * What the compiler makes of the live content of a notebook, unsaved edits included.
 *
 * `compiled` is emitted whenever the answer for the present content has come. While a newer one is on its way the
 * last answer stays. Outputs and executions cause nothing.
 */
export class CompileModel implements IDisposable {
  readonly compiled = new Signal<this, void>(this);

  constructor(
    private readonly client: Client,
    private readonly panel: NotebookPanel,
    private readonly delayMs: () => number
  ) {
    void panel.context.ready.then(() => {
      if (!this._isDisposed && panel.model) {
        panel.model.contentChanged.connect(this.onContentChanged, this);
        this.compileNow();
      }
    });
  }

  /** The latest answer; empty before the first one. */
  get result(): ICompiled {
    return this._result;
  }

  /** The latest answer with a workflow: what was known before the present errors. */
  get lastGood(): ICompiled {
    return this._lastGood;
  }

  /** Why there is no answer for the present content: the server can't be reached, or has a fault. */
  get problem(): RequestError | null {
    return this._problem;
  }

  /** Whether there has been an answer. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** From sending the content to the answer, of the latest compilation. */
  get roundTripMs(): number {
    return this._roundTripMs;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the present content has errors, so that what is known of its cells was so before them. */
  get isRefused(): boolean {
    return this._isReady && this._result.workflow === null;
  }

  /** What was understood of a cell, the last time that the notebook had no errors. */
  check(cellId: string): ICellCheck | null {
    return this._lastGood.cells.find(check => check.cell_id === cellId) ?? null;
  }

  steps(cellId: string): IStep[] {
    return this._result.workflow?.steps.filter(step => step.cell_id === cellId) ?? [];
  }

  diagnostics(cellId: string): IDiagnostic[] {
    return this._result.diagnostics.filter(diagnostic => diagnostic.cell_id === cellId);
  }

  /** The annotations of a cell as they are written, by key. */
  annotations(cellId: string): Record<string, string> {
    return this._result.annotations[cellId] ?? {};
  }

  /** Compiles without waiting, also what was compiled before: a run may have left new timings. */
  compileNow(): void {
    const model = this.model();
    if (model) {
      void this.compile(model, sourceKey(model));
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this.timer);
    this.abort?.abort();
    Signal.clearData(this);
  }

  private model(): INotebookModel | null {
    const model = this._isDisposed || this.panel.isDisposed ? null : this.panel.model;
    return model && isPython(model) ? model : null;
  }

  private onContentChanged(): void {
    if (!this.timer) {
      this.waits = 0;
      this.wait();
    }
  }

  private wait(): void {
    this.timer = window.setTimeout(() => this.look(), this.delayMs() / 2);
  }

  /** Compiles when the content is as it was at the last look, or has been changing for long. */
  private look(): void {
    this.timer = 0;
    const model = this.model();
    if (!model) {
      return;
    }
    const key = sourceKey(model);
    if (key === this.sentKey) {
      return;
    }
    this.waits += 1;
    if (key === this.seenKey || this.waits > 2 * LONGEST_WAIT) {
      void this.compile(model, key);
    } else {
      this.seenKey = key;
      this.wait();
    }
  }

  private async compile(model: INotebookModel, key: string): Promise<void> {
    this.sentKey = this.seenKey = key;
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    const start = performance.now();
    try {
      const result = await this.client.compile(this.panel.context.path, notebookSource(model), abort.signal);
      if (abort.signal.aborted) {
        return;
      }
      this._result = { ...NOTHING, ...result };
      this._lastGood = this._result.workflow ? this._result : this._lastGood;
      this._problem = null;
      this._isReady = true;
    } catch (error) {
      if (abort.signal.aborted) {
        return;
      }
      this._problem = error instanceof RequestError ? error : new RequestError(0, String(error));
      this.sentKey = '';
    }
    this._roundTripMs = performance.now() - start;
    this.compiled.emit();
  }

  private _result = NOTHING;
  private _lastGood = NOTHING;
  private _problem: RequestError | null = null;
  private _isReady = false;
  private _isDisposed = false;
  private _roundTripMs = 0;
  private timer = 0;
  private waits = 0;
  private seenKey = '';
  private sentKey = '';
  private abort: AbortController | null = null;
}
