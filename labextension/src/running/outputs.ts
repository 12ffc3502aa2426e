// A run's events folded into the outputs of its cells: the same fold as storage/output_recorder.py,
// held to it by tests/golden/outputs.json.

import type { IOutput } from '@jupyterlab/nbformat';

import { Displays } from './displays';
import { widgetOf, WidgetStates, withoutWidget } from './widgetStates';
import { errorOutput, objectOf, structuredCopy, textOf, validData } from './outputData';

/** An event as it comes from the server; which fields there are depends on `type`. */
export interface IOutputEvent {
  readonly type: string;
  readonly cell_id?: string;
  readonly output?: { readonly output_type?: string; readonly [key: string]: unknown };
  readonly execution_count?: number;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
  readonly steps?: readonly { readonly cell_id: string; readonly kind?: string }[];
}

/** What a cell shows. */
export interface ICellOutputs {
  readonly outputs: readonly IOutput[];
  readonly executionCount: number | null;
}

interface ICellRecord {
  outputs: IOutput[];
  executionCount: number | null;
  clearWaits: boolean;
}

/**
 * Outputs and prompt numbers of the cells that a run runs.
 *
 * Of notebook-only cells, whose parameter assignments alone run, the outputs stay as they were before the run,
 * but for an error of the run. Cells of which nothing was heard aren't known here. An output that changes becomes a new
 * object, so that equal objects are equal outputs.
 */
export class OutputFold {
  private readonly _cells = new Map<string, ICellRecord>();
  private readonly _kept = new Map<string, ICellRecord>();
  private readonly _displays = new Displays((id, before, after) => {
    const outputs = this._cells.get(id)?.outputs ?? [];
    outputs.splice(outputs.indexOf(before), 1, after);
    this._changed.add(id);
  });
  private readonly _changed = new Set<string>();
  /** The widgets of the run's cells. */
  readonly widgets = new WidgetStates();

  /** `before` tells what a cell showed before the run. */
  constructor(private readonly _before: (cellId: string) => ICellOutputs | null) {}

  /** The ids of all cells that the run may write to, in its order. */
  get cellIds(): readonly string[] {
    return [...this._cells.keys()];
  }

  /** Whether a cell still shows a widget of before the run. */
  get keepsWidgets(): boolean {
    return [...this._kept.values()].some(record => record.outputs.some(output => widgetOf(output)));
  }

  /** What a cell shows now; null for one that the run hasn't to do with. */
  cell(cellId: string): ICellOutputs | null {
    return this._cells.get(cellId) ?? null;
  }

  /** The cells that changed since this was asked last. */
  takeChanged(): readonly string[] {
    const changed = [...this._changed];
    this._changed.clear();
    return changed;
  }

  /** Takes in the run's next event. */
  apply(event: IOutputEvent): void {
    if (event.type === 'RunStarted') {
      this._start(event);
      return;
    }
    if (event.type === 'RunFinished') {
      this._hideClosed();
      return;
    }
    const id = event.cell_id;
    const record = id === undefined ? undefined : this._cells.get(id);
    if (id === undefined || record === undefined) {
      return;
    }
    switch (event.type) {
      case 'CellOutputReceived':
        this._receive(id, record, event.output ?? {});
        break;
      case 'CellOutputsDiscarded':
        if (!this._kept.has(id)) {
          this._forget(id, record);
        }
        break;
      case 'StepFinished':
      case 'StepReused':
        this._count(id, record, event);
        break;
      case 'StepFailed':
        this._fail(id, record, event);
        break;
      case 'StepNotRun':
        if (!this._kept.has(id)) {
          this._forget(id, record);
          record.executionCount = null;
        }
        break;
    }
  }

  private _start(event: IOutputEvent): void {
    for (const step of event.steps ?? []) {
      const id = step.cell_id;
      const record: ICellRecord = { outputs: [], executionCount: null, clearWaits: false };
      const before = step.kind === 'parameters' ? this._before(id) : null;
      if (before) {
        record.outputs = structuredCopy(before.outputs);
        record.executionCount = before.executionCount;
        this._kept.set(id, record);
      }
      this._cells.set(id, record);
      this._displays.addCell(id);
      this._changed.add(id);
    }
  }

  private _receive(
    id: string,
    record: ICellRecord,
    message: NonNullable<IOutputEvent['output']>
  ): void {
    const kind = message.output_type;
    if (this._kept.has(id) && kind !== 'error') {
      return;
    }
    this._changed.add(id);
    if (kind === 'clear_output') {
      if (message.wait) {
        record.clearWaits = true;
      } else {
        this._clear(id, record);
      }
    } else if (kind === 'stream') {
      this._write(id, record, String(message.name ?? 'stdout'), textOf(message.text));
    } else if (kind === 'error') {
      this._append(id, record, errorOutput(message));
    } else if (
      kind === 'display_data' ||
      kind === 'execute_result' ||
      kind === 'update_display_data'
    ) {
      this._show(id, record, message);
    } else if (kind === 'widget_state') {
      this.widgets.receive(id, message);
    }
  }

  private _write(id: string, record: ICellRecord, name: string, text: string): void {
    const last = record.outputs.at(-1);
    if (record.clearWaits || last?.output_type !== 'stream' || last.name !== name) {
      this._append(id, record, { output_type: 'stream', name, text });
    } else {
      const whole: IOutput = { ...last, text: textOf(last.text) + text };
      record.outputs[record.outputs.length - 1] = whole;
    }
  }

  private _show(
    id: string,
    record: ICellRecord,
    message: NonNullable<IOutputEvent['output']>
  ): void {
    const data = validData(message.data);
    const metadata = objectOf(message.metadata);
    const told = objectOf(message.transient).display_id;
    const displayId = typeof told === 'string' ? told : '';
    if (displayId) {
      this._displays.write(id, displayId, { data, metadata });
    }
    if (message.output_type === 'update_display_data') {
      return;
    }
    const isResult = message.output_type === 'execute_result';
    const output = this._append(id, record, {
      output_type: isResult ? 'execute_result' : 'display_data',
      data,
      metadata,
      ...(isResult ? { execution_count: message.execution_count ?? null } : {})
    } as IOutput);
    if (displayId) {
      this._displays.add(id, displayId, output);
    }
  }

  private _append(id: string, record: ICellRecord, output: IOutput): IOutput {
    if (record.clearWaits) {
      this._clear(id, record);
    }
    record.outputs.push(output);
    return output;
  }

  private _clear(id: string, record: ICellRecord): void {
    record.outputs = [];
    record.clearWaits = false;
    this._displays.clear(id);
  }

  /** Outputs whose widgets are gone show nothing. */
  private _hideClosed(): void {
    for (const [id, record] of this._cells) {
      record.outputs.forEach((output, index) => {
        const widget = widgetOf(output);
        if (widget && this.widgets.isClosed(widget)) {
          record.outputs[index] = withoutWidget(output);
          this._changed.add(id);
        }
      });
    }
  }

  /** Undoes all that the cell wrote, in other cells' displays too, and told of widgets. */
  private _forget(id: string, record: ICellRecord): void {
    this._changed.add(id);
    this.widgets.forget(id);
    this._clear(id, record);
    this._displays.forget(id);
  }

  private _count(id: string, record: ICellRecord, event: IOutputEvent): void {
    if (this._kept.has(id)) {
      return;
    }
    this._changed.add(id);
    record.executionCount = event.execution_count ?? null;
    record.outputs.forEach((output, index) => {
      if (output.output_type === 'execute_result') {
        const counted: IOutput = { ...output, execution_count: record.executionCount };
        record.outputs[index] = counted;
        this._displays.follow(output, counted);
      }
    });
  }

  private _fail(id: string, record: ICellRecord, event: IOutputEvent): void {
    const shown = record.clearWaits ? [] : record.outputs;
    const isThere = shown.some(
      output =>
        output.output_type === 'error' &&
        output.ename === event.ename &&
        output.evalue === event.evalue
    );
    this._changed.add(id);
    if (!isThere) {
      this._append(id, record, errorOutput(event));
    }
    this._count(id, record, event);
  }
}
