// Outputs with a display id, which any cell may update: the same as storage/displays.py.

import type { IMimeBundle, IOutput } from '@jupyterlab/nbformat';

interface IShown {
  readonly data: IMimeBundle;
  readonly metadata: object;
}

interface IDisplay {
  readonly cellId: string;
  output: IOutput;
}

/**
 * The outputs of a display id show what the last of the run's cells, in their order, that wrote to it has written.
 *
 * Cells that run side by side may write in any order, also before the output is there.
 */
export class Displays {
  private readonly _places = new Map<string, number>();
  private readonly _written = new Map<string, Map<number, IShown>>();
  private readonly _outputs = new Map<string, IDisplay[]>();

  /** `replace` puts an output of a cell in the place of another. */
  constructor(
    private readonly _replace: (cellId: string, before: IOutput, after: IOutput) => void
  ) {}

  /** The next cell of the run. */
  addCell(cellId: string): void {
    this._places.set(cellId, this._places.size);
  }

  /** The cell has the outputs of this id show something. */
  write(cellId: string, displayId: string, shown: IShown): void {
    const written = this._written.get(displayId) ?? new Map<number, IShown>();
    this._written.set(displayId, written.set(this._place(cellId), shown));
    this._refresh(displayId);
  }

  /** The cell has another output of this id, to which it has written. */
  add(cellId: string, displayId: string, output: IOutput): void {
    const outputs = this._outputs.get(displayId) ?? [];
    this._outputs.set(displayId, [...outputs, { cellId, output }]);
    this._refresh(displayId);
  }

  /** An output is another object now. */
  follow(before: IOutput, after: IOutput): void {
    for (const display of [...this._outputs.values()].flat()) {
      display.output = display.output === before ? after : display.output;
    }
  }

  /** The cell's outputs are gone. */
  clear(cellId: string): void {
    for (const [displayId, outputs] of this._outputs) {
      this._outputs.set(
        displayId,
        outputs.filter(display => display.cellId !== cellId)
      );
    }
  }

  /** The cell's outputs are gone, and what it wrote to others doesn't count. */
  forget(cellId: string): void {
    this.clear(cellId);
    for (const [displayId, written] of this._written) {
      if (written.delete(this._place(cellId))) {
        this._refresh(displayId);
      }
    }
  }

  private _place(cellId: string): number {
    return this._places.get(cellId) ?? -1;
  }

  private _refresh(displayId: string): void {
    const written = this._written.get(displayId) ?? new Map<number, IShown>();
    const last = written.get(Math.max(...written.keys()));
    for (const display of last ? (this._outputs.get(displayId) ?? []) : []) {
      const before = display.output;
      if (before.data !== last?.data || before.metadata !== last?.metadata) {
        display.output = { ...before, ...last } as IOutput;
        this._replace(display.cellId, before, display.output);
      }
    }
  }
}
