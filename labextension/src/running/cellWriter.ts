// What a run's cells show, written into the notebook through its shared model and nothing else.

import type { ISharedCodeCell, ISharedNotebook, CellChange } from '@jupyter/ydoc';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt } from '@lumino/coreutils';

import type { ICellOutputs } from './outputs';
import { settle } from './terminal';

/** How the writer finds out what it must know of the notebook's cells beside the shared model. */
export interface ITrust {
  /** Marks the cell's outputs as this user's own. They are empty when this is called. */
  trust(cellId: string): void;
  isTrusted(cellId: string): boolean;
}

/**
 * Writes outputs and prompt numbers of cells, in one transaction for all that changed.
 *
 * The cells' texts, other cells, and the undo history are never touched. Streams grow by what is new. Cells are found by id
 * each time, so cells that were moved, deleted or turned into text in the meantime do no harm.
 *
 * JupyterLab's model of a cell must see removals before insertions, also where several transactions reach another page as
 * one: it takes a stream that is inserted beside another one for its continuation. So outputs are put behind those that go, in
 * one transaction; and text that goes from a stream goes in a transaction before.
 */
export class CellWriter {
  private readonly _written = new Map<string, IWritten>();
  private _isWriting = false;

  /** `_onSpoilt`: another page has added to what was written to this cell, as one does whose turn to write it was before. */
  constructor(
    private readonly _notebook: ISharedNotebook,
    private readonly _trust: ITrust,
    private readonly _onSpoilt: (cellId: string) => void = () => undefined
  ) {}

  dispose(): void {
    for (const { cell, onChange } of this._written.values()) {
      cell.changed.disconnect(onChange);
    }
    this._written.clear();
  }

  /** Makes the cells show this. */
  write(shown: ReadonlyMap<string, ICellOutputs>): void {
    const removals: (() => void)[] = [];
    const additions: (() => void)[] = [];
    this._isWriting = true;
    try {
      const cells = codeCells(this._notebook);
      for (const [id, wanted] of shown) {
        const cell = cells.get(id);
        if (cell) {
          this._trustCell(id, cell);
          this._plan(id, cell, wanted, removals, additions);
        }
      }
      for (const changes of [removals, additions].filter(changes => changes.length)) {
        this._notebook.transact(() => changes.forEach(change => change()), false);
      }
    } finally {
      this._isWriting = false;
    }
  }

  private _trustCell(id: string, cell: ISharedCodeCell): void {
    if (!this._trust.isTrusted(id)) {
      // What the file brought along is of unknown origin: it must not become trusted with the new outputs.
      cell.setOutputs([]);
      this._forget(id);
      this._trust.trust(id);
    }
  }

  private _plan(
    id: string,
    cell: ISharedCodeCell,
    wanted: ICellOutputs,
    removals: (() => void)[],
    additions: (() => void)[]
  ): void {
    const outputs = wanted.outputs.map(settled);
    const written = this._written.get(id);
    const isKnown = written?.cell === cell && !written.isForeign;
    const before = isKnown ? written.outputs : cell.getOutputs();
    const { same, kept, text } =
      written?.isForeign && !JSONExt.deepEqual(before, outputs as IOutput[])
        ? ANOTHER // what pages show of it may differ by now
        : difference(before, outputs, isKnown);
    let start = same;
    if (text !== null && hasStreams(cell)) {
      start += 1;
      if (kept !== null) {
        removals.push(() => cell.removeStreamOutput(same, kept));
      }
      if (text) {
        additions.push(() => cell.appendStreamOutput(same, text));
      }
    }
    const [gone, fresh] = [before.length - start, outputs.slice(start)];
    if (gone || fresh.length) {
      additions.push(() => {
        cell.updateOutputs(before.length, before.length, fresh);
        cell.updateOutputs(start, before.length, []);
      });
    }
    if (cell.execution_count !== wanted.executionCount) {
      additions.push(() => {
        cell.execution_count = wanted.executionCount;
      });
    }
    this._remember(id, cell, outputs);
  }

  private _remember(id: string, cell: ISharedCodeCell, outputs: readonly IOutput[]): void {
    const known = this._written.get(id);
    if (known?.cell === cell) {
      known.outputs = outputs;
      known.isForeign = false;
      return;
    }
    this._forget(id);
    const onChange = (_: unknown, change: CellChange): void => {
      const isAboutOutputs = 'outputsChange' in change || 'streamOutputChange' in change;
      const written = this._written.get(id);
      if (written && isAboutOutputs && !this._isWriting) {
        // Whoever removes something means it; a kernel that runs the cell begins with that.
        const isAdded = written.outputs.length > 0 && !written.isForeign && !isRemoving(change);
        written.isForeign = true;
        if (isAdded) {
          this._onSpoilt(id);
        }
      }
    };
    cell.changed.connect(onChange);
    this._written.set(id, { cell, outputs, isForeign: false, onChange });
  }

  private _forget(id: string): void {
    const known = this._written.get(id);
    if (known) {
      known.cell.changed.disconnect(known.onChange);
      this._written.delete(id);
    }
  }
}

/** A cell whose streams can grow in place, which older shared models can't. */
interface IStreamingCell extends ISharedCodeCell {
  removeStreamOutput(index: number, start: number): void;
  appendStreamOutput(index: number, text: string): void;
}

function hasStreams(cell: ISharedCodeCell): cell is IStreamingCell {
  return 'appendStreamOutput' in cell && 'removeStreamOutput' in cell;
}

/** What was last written to a cell; `isForeign` once someone else has changed its outputs since. */
interface IWritten {
  readonly cell: ISharedCodeCell;
  outputs: readonly IOutput[];
  isForeign: boolean;
  readonly onChange: (sender: unknown, change: CellChange) => void;
}

/** What leads from one list of outputs to another. */
interface IDifference {
  /** So many of the first outputs stay as they are. */
  readonly same: number;
  /** What the stream after those gets at its end; null where it isn't the same stream. */
  readonly text: string | null;
  /** So many of that stream's first characters stay; null: all of them. */
  readonly kept: number | null;
}

const ANOTHER: IDifference = { same: 0, text: null, kept: null };

/**
 * The smallest change that leads from one list of outputs to the other.
 *
 * Where `sameObjects`, outputs other than streams are equal only if they are the same objects, which is soon told.
 */
export function difference(
  before: readonly IOutput[],
  after: readonly IOutput[],
  sameObjects = true
): IDifference {
  let same = 0;
  while (same < before.length && same < after.length && isSame(before[same], after[same], sameObjects)) {
    same += 1;
  }
  const [old, now] = [before[same], after[same]];
  // JupyterLab takes what a stream gets for the end of the last output.
  const isLast = same === before.length - 1;
  if (!isLast || old.output_type !== 'stream' || now?.output_type !== 'stream' || old.name !== now.name) {
    return { same, text: null, kept: null };
  }
  const [oldText, nowText] = [String(old.text), String(now.text)];
  const kept = nowText.startsWith(oldText) ? null : commonLength(oldText, nowText);
  return { same, text: nowText.slice(kept ?? oldText.length), kept };
}

function isRemoving(change: CellChange): boolean {
  const { outputsChange = [], streamOutputChange = [] } = change as {
    outputsChange?: readonly object[];
    streamOutputChange?: readonly object[];
  };
  return [...outputsChange, ...streamOutputChange].some(part => 'delete' in part);
}

function isSame(one: IOutput, other: IOutput, sameObjects: boolean): boolean {
  if (one === other || one.output_type !== other.output_type) {
    return one === other;
  }
  if (one.output_type === 'stream') {
    return one.name === other.name && one.text === other.text;
  }
  return !sameObjects && JSONExt.deepEqual(one, other);
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) {
    length += 1;
  }
  return length;
}

const settledStreams = new WeakMap<IOutput, IOutput>();

/** The output as it is written; equal objects in give equal objects out. */
function settled(output: IOutput): IOutput {
  if (output.output_type !== 'stream') {
    return output;
  }
  const known = settledStreams.get(output);
  const result = known ?? { ...output, text: settle(String(output.text)) };
  settledStreams.set(output, result);
  return result;
}

function codeCells(notebook: ISharedNotebook): Map<string, ISharedCodeCell> {
  const cells = new Map<string, ISharedCodeCell>();
  for (const cell of notebook.cells) {
    if (cell.cell_type === 'code') {
      cells.set(cell.getId(), cell as ISharedCodeCell);
    }
  }
  return cells;
}
