// A run's outputs, streamed into the cells of the notebook that is open.

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { PartialJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { Client } from '../api/client';
import type { RunEvent } from '../api/types';
import type { RunModel } from '../model/runModel';
import { CellWriter } from './cellWriter';
import { OutputFold, type ICellOutputs } from './outputs';
import { nextPart, sizeOf } from './outputParts';
import type { WidgetPage } from './widgetPage';
import { savedWidgets } from './widgetStates';
import { WritingTurn } from './writingTurn';

/** However fast events come, cells are written this often at most. */
const INTERVAL_MS = 60;
/** Showing megabytes takes seconds, each time: the page gets so many times as long for other things. */
const SHARE = 1;
const LONGEST_INTERVAL_MS = 10_000;
/** Nothing to speak of was shown if the next frames came within this time. */
const SHORT_MS = 50;

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
  /** Cells that aren't shown as they are, though nothing new came. */
  private readonly _left = new Set<string>();
  /** Characters that cells show of their streams. */
  private readonly _sizes = new Map<string, number>();
  /** Cells with an asterisk; null before this page has the turn. */
  private _marked: Set<string> | null = null;
  private _timer = 0;
  private _intervalMs = INTERVAL_MS;
  private _isOver = false;
  private _isDisposed = false;

  constructor(
    client: Client,
    private readonly _run: RunModel,
    private readonly _notebook: INotebookModel,
    private readonly _widgets: Pick<WidgetPage, 'show'>
  ) {
    this._fold = new OutputFold(id => shownBy(this._cell(id)));
    const trust = {
      isTrusted: (id: string) => this._cell(id)?.trusted ?? true,
      trust: (id: string) => {
        const cell = this._cell(id);
        if (cell) {
          cell.trusted = true;
        }
      }
    };
    this._writer = new CellWriter(_notebook.sharedModel, trust, id => this._mend(id));
    this._turn = new WritingTurn(client, _notebook.sharedModel, _run.id);
    this._turn.changed.connect(() => this._onTurn());
    _run.received.connect(this._onReceived, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Writes what is still waiting to be written; of megabytes the next part. */
  flush(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    if (this._isDisposed || this._notebook.isDisposed || !this._turn.isOurs) {
      return;
    }
    const start = performance.now();
    this._write();
    this._showRunning();
    if (this._isOver && this._left.size === 0) {
      this.dispose();
    } else if (document.hidden) {
      this._goOn(); // there are no frames
    } else {
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          this._pause(performance.now() - start);
          this._goOn();
        })
      );
    }
  }

  private _goOn(): void {
    if (this._left.size) {
      this._flushSoon();
    }
  }

  /** Leaves the page time, as the last outputs took so long to be shown. */
  private _pause(shownMs: number): void {
    this._intervalMs = Math.min(LONGEST_INTERVAL_MS, Math.max(INTERVAL_MS, SHARE * (shownMs - SHORT_MS)));
  }

  /** The run is over: writes the rest, at once (megabytes in parts) or when whose turn it is has gone, and lets go. */
  finish(): void {
    this._isOver = true;
    this._onTurn();
  }

  private _write(isWhole = false): void {
    const shown = new Map<string, ICellOutputs>();
    const ids = new Set([...this._fold.takeChanged(), ...this._left]);
    this._left.clear();
    for (const id of ids) {
      const outputs = this._fold.cell(id);
      if (outputs) {
        const part = isWhole ? outputs : nextPart(outputs, this._sizes.get(id) ?? sizeOf(shownBy(this._cell(id))));
        this._sizes.set(id, sizeOf(part));
        shown.set(id, part);
        if (part !== outputs) {
          this._left.add(id);
        }
      }
    }
    this._widgets.show(this._fold.widgets.takeChanged());
    this._writer.write(shown);
  }

  /** The notebook's metadata gets what the widgets are like in the end, for whoever opens it next. */
  private _saveWidgets(): void {
    const notebook = this._notebook.sharedModel;
    const before = notebook.getMetadata('widgets') as unknown;
    const saved = savedWidgets(this._fold.widgets.models, this._fold.keepsWidgets ? before : null);
    if (saved) {
      notebook.setMetadata('widgets', saved as unknown as PartialJSONValue);
    } else if (before !== undefined) {
      notebook.deleteMetadata('widgets');
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    if (this._turn.isOurs && !this._notebook.isDisposed) {
      this._write(true);
      this._showRunning();
      if (this._isOver) {
        this._saveWidgets();
      }
    }
    if (this._isOver) {
      this._turn.tellWritten();
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._run.received.disconnect(this._onReceived, this);
    this._writer.dispose();
    this._turn.dispose();
  }

  private _onTurn(): void {
    if (this._isOver && this._turn.isOurs) {
      this.flush();
    } else if (this._isOver && this._turn.isWritten) {
      this.dispose();
    } else if (this._turn.isOurs) {
      this._flushSoon();
    }
  }

  /** Text arrived that a page before us had written, in a place that we had written to. */
  private _mend(id: string): void {
    this._left.add(id);
    this._flushSoon();
  }

  private _flushSoon(): void {
    if (!this._timer && !this._isDisposed) {
      this._timer = window.setTimeout(() => this.flush(), this._intervalMs);
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
    this._flushSoon();
  }

  /** The asterisk in place of the prompt number, of cells that the run is at and of no others. */
  private _showRunning(): void {
    const marked = this._marked ?? this._leftMarks();
    const running = this._run.end ? new Set<string>() : this._running;
    for (const id of new Set([...marked, ...running])) {
      const cell = this._cell(id);
      const isRunning = running.has(id);
      if (cell && isCode(cell) && isRunning !== marked.has(id)) {
        cell.executionState = isRunning ? 'running' : 'idle';
      }
    }
    this._marked = new Set(running);
  }

  /** Asterisks that the page whose turn it was before may have left. */
  private _leftMarks(): Set<string> {
    const isMarked = (cell: ICellModel | null): boolean =>
      cell !== null && isCode(cell) && cell.executionState === 'running';
    return new Set(this._fold.cellIds.filter(id => isMarked(this._cell(id))));
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
