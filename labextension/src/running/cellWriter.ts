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
 * What has to go first goes in a transaction before: JupyterLab's model of a cell takes a text that is inserted together with
 * a removal for the continuation of what is removed.
 */
export class CellWriter {
  private readonly _written = new Map<string, IWritten>();
  private _isWriting = false;

  constructor(
    private readonly _notebook: ISharedNotebook,
    private readonly _trust: ITrust
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
    const change = difference(before, outputs, isKnown);
    if (change.kind === 'grow' && hasStreams(cell)) {
      const { index, keep, text } = change;
      if (keep !== null) {
        removals.push(() => cell.removeStreamOutput(index, keep));
      }
      additions.push(() => cell.appendStreamOutput(index, text));
    } else if (change.kind !== 'none') {
      const start = change.kind === 'append' ? change.index : 0;
      if (change.kind !== 'append') {
        removals.push(() => cell.setOutputs([]));
      }
      additions.push(() => cell.updateOutputs(start, start, outputs.slice(start)));
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
        written.isForeign = true;
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

type Difference =
  | { readonly kind: 'none' }
  /** The last output is a stream with more text, behind its first `keep` characters if not behind all. */
  | {
      readonly kind: 'grow';
      readonly index: number;
      readonly keep: number | null;
      readonly text: string;
    }
  | { readonly kind: 'append'; readonly index: number }
  | { readonly kind: 'other' };

/**
 * The smallest change that leads from one list of outputs to the other.
 *
 * Where `sameObjects`, outputs other than streams are equal only if they are the same objects, which is soon told.
 */
export function difference(
  before: readonly IOutput[],
  after: readonly IOutput[],
  sameObjects = true
): Difference {
  const last = before.length - 1;
  const same = (index: number): boolean => isSame(before[index], after[index], sameObjects);
  for (let index = 0; index < last; index += 1) {
    if (index >= after.length || !same(index)) {
      return { kind: 'other' };
    }
  }
  if (last < 0 || (after.length > last && same(last))) {
    return after.length > before.length
      ? { kind: 'append', index: before.length }
      : { kind: 'none' };
  }
  const [old, now] = [before[last], after[last]];
  const isSameStream =
    old.output_type === 'stream' && now?.output_type === 'stream' && old.name === now.name;
  if (!isSameStream || after.length !== before.length) {
    return { kind: 'other' };
  }
  const [oldText, nowText] = [String(old.text), String(now.text)];
  if (nowText.startsWith(oldText)) {
    return { kind: 'grow', index: last, keep: null, text: nowText.slice(oldText.length) };
  }
  const keep = commonLength(oldText, nowText);
  return { kind: 'grow', index: last, keep, text: nowText.slice(keep) };
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
