// A run's outputs, streamed into the cells of the notebook that is open.

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';

import type { RunEvent } from '../api/types';
import type { RunModel } from '../model/runModel';
import { CellWriter } from './cellWriter';
import { OutputFold, type ICellOutputs } from './outputs';
import { WritingTurn } from './writingTurn';

/** However fast events come, cells are written this often at most. */
const INTERVAL_MS = 60;

/**
 * Follows a run from its first event on, and makes the notebook's cells show what it printed so far.
 *
 * As everything is folded anew, following a run a second time, after a reload, changes nothing that is right already.
 */
export class LiveOutputs implements IDisposable {
  private readonly _fold: OutputFold;
  private readonly _writer: CellWriter;
  private readonly _turn: WritingTurn;
  private readonly _running = new Set<string>();
  private _marked = new Set<string>();
  private _timer = 0;
  private _isOver = false;
  private _isDisposed = false;

  constructor(
    private readonly _run: RunModel,
    private readonly _notebook: INotebookModel
  ) {
    this._fold = new OutputFold(id => shownBy(this._cell(id)));
    this._writer = new CellWriter(_notebook.sharedModel, {
      isTrusted: id => this._cell(id)?.trusted ?? true,
      trust: id => {
        const cell = this._cell(id);
        if (cell) {
          cell.trusted = true;
        }
      }
    });
    this._turn = new WritingTurn(_notebook.sharedModel, _run.id, () => this._onTurn());
    _run.received.connect(this._onReceived, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Writes what is still waiting to be written. */
  flush(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    if (this._isDisposed || this._notebook.isDisposed) {
      return;
    }
    if (this._turn.isOurs) {
      this._write();
    }
    this._showRunning();
  }

  /** The run is over: writes the rest, at once or when whose turn it is has gone, and lets go. */
  finish(): void {
    this._isOver = true;
    this._onTurn();
  }

  private _write(): void {
    const shown = new Map<string, ICellOutputs>();
    for (const id of this._fold.takeChanged()) {
      const outputs = this._fold.cell(id);
      if (outputs) {
        shown.set(id, outputs);
      }
    }
    this._writer.write(shown);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.flush();
    this._isDisposed = true;
    this._run.received.disconnect(this._onReceived, this);
    this._writer.dispose();
    this._turn.dispose();
  }

  private _onTurn(): void {
    if (!this._turn.isOurs) {
      this._showRunning();
    } else if (this._isOver) {
      this.dispose();
    } else if (!this._timer && !this._isDisposed) {
      this._timer = window.setTimeout(() => this.flush(), INTERVAL_MS);
    }
  }

  private _onReceived(_: RunModel, events: readonly RunEvent[]): void {
    for (const event of events) {
      this._fold.apply(event);
      if (event.type === 'StepStarted') {
        this._running.add(event.cell_id);
      } else if (
        event.type === 'StepFinished' ||
        event.type === 'StepFailed' ||
        event.type === 'StepNotRun'
      ) {
        this._running.delete(event.cell_id);
      } else if (event.type === 'RunFinished') {
        this._running.clear();
      }
    }
    if (!this._timer) {
      this._timer = window.setTimeout(() => this.flush(), INTERVAL_MS);
    }
  }

  /** The asterisk in place of the prompt number, of cells that the run is at and of no others. */
  private _showRunning(): void {
    const running = this._run.end ? new Set<string>() : this._running;
    for (const id of new Set([...this._marked, ...running])) {
      const cell = this._cell(id);
      const isRunning = running.has(id);
      if (cell && isCode(cell) && isRunning !== this._marked.has(id)) {
        cell.executionState = isRunning ? 'running' : 'idle';
      }
    }
    this._marked = new Set(running);
  }

  private _cell(id: string): ICellModel | null {
    return [...this._notebook.cells].find(cell => cell.id === id) ?? null;
  }
}

function isCode(cell: ICellModel): cell is ICodeCellModel {
  return cell.type === 'code';
}

/** What a cell shows, without the error that an earlier run of its parameters may have left at the end. */
function shownBy(cell: ICellModel | null): ICellOutputs | null {
  if (!cell || !isCode(cell)) {
    return null;
  }
  const outputs = cell.sharedModel.getOutputs();
  if (outputs.at(-1)?.output_type === 'error') {
    outputs.pop();
  }
  return { outputs, executionCount: cell.executionCount };
}
