import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';
import type { IAnnotationEdit, IRunSummary } from '../api/types';
import { CompileModel } from './compileModel';
import { cellById, replaceSource } from './notebookContent';
import { RunModel } from './runModel';

/** One open notebook as a workflow: what it compiles to, the run that is shown, and the selected cell. */
export class WorkflowModel implements IDisposable {
  readonly compilation: CompileModel;
  /** The compiler has answered. */
  readonly compiled = new Signal<this, void>(this);
  /** Another run is shown, or the run went on; told at most once per frame. */
  readonly runChanged = new Signal<this, void>(this);
  readonly selectedCellChanged = new Signal<this, string | null>(this);

  constructor(
    readonly client: Client,
    readonly panel: NotebookPanel,
    delayMs: () => number
  ) {
    this.compilation = new CompileModel(client, panel, delayMs);
    this.compilation.compiled.connect(() => this.compiled.emit());
    panel.content.activeCellChanged.connect(this.onActiveCell, this);
    panel.disposed.connect(this.dispose, this);
  }

  /** The notebook's contents path. */
  get path(): string {
    return this.panel.context.path;
  }

  get run(): RunModel | null {
    return this._run;
  }

  get selectedCellId(): string | null {
    return this.panel.content.activeCell?.model.id ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  cell(id: string): ICellModel | null {
    return this.panel.model ? cellById(this.panel.model, id) : null;
  }

  /** Follows this run from its first event on; null shows none. */
  showRun(summary: IRunSummary | null): RunModel | null {
    this._run?.dispose();
    this._run = summary && new RunModel(this.client, summary);
    this._run?.changed.connect(this.onRun, this);
    this.runChanged.emit();
    return this._run;
  }

  /** Makes the cell the active one and brings it into view. */
  selectCell(id: string): void {
    const { content } = this.panel;
    const index = content.widgets.findIndex(cell => cell.model.id === id);
    if (index >= 0) {
      content.activeCellIndex = index;
      content.deselectAll();
      void content.scrollToItem(index, 'smart');
    }
  }

  /**
   * Sets or removes annotations of a cell, as one undo step.
   *
   * Rejects with the server's `RequestError` when a value isn't one that the key takes. Nothing is changed
   * when somebody has edited the cell in the meantime; then it tries once more on the new text.
   */
  async annotate(cellId: string, edits: IAnnotationEdit[]): Promise<void> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const cell = this.cell(cellId);
      if (!cell) {
        return;
      }
      const source = cell.sharedModel.getSource();
      const edited = await this.client.annotate(source, edits);
      if (cell.sharedModel.getSource() === source) {
        replaceSource(cell, edited);
        return;
      }
    }
    throw new Error('The cell was being edited; try again.');
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.compilation.dispose();
    this._run?.dispose();
    Signal.clearData(this);
  }

  private onActiveCell(_: Notebook, cell: Cell | null): void {
    this.selectedCellChanged.emit(cell?.model.id ?? null);
  }

  private onRun(run: RunModel): void {
    if (run.end && run.summary.state === 'running' && this.ended !== run.id) {
      this.ended = run.id;
      this.compilation.compileNow(); // it may have left new timings
    }
    this.runChanged.emit();
  }

  private _run: RunModel | null = null;
  private _isDisposed = false;
  private ended = '';
}
