// Two pages with the same notebook, as real-time collaboration has them.

import { YNotebook } from '@jupyter/ydoc';
import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';

import type { RunEvent } from '../../src/api/types';
import { replaceSource } from '../../src/model/notebookContent';
import type { RunModel } from '../../src/model/runModel';
import { LiveOutputs } from '../../src/running/liveOutputs';

/** A page: its copy of the notebook, and the run that it follows. */
class Page {
  readonly notebook = new YNotebook();
  readonly run = { id: 'r1', received: new Signal<object, readonly RunEvent[]>({}), end: null };
  private outputs: LiveOutputs | null = null;

  follow(): void {
    const cells: ICellModel[] = [];
    const model = { sharedModel: this.notebook, cells, isDisposed: false } as unknown as INotebookModel;
    this.outputs = new LiveOutputs(this.run as unknown as RunModel, model);
  }

  tell(...events: Partial<RunEvent>[]): void {
    this.run.received.emit(events as RunEvent[]);
  }

  show(): void {
    this.outputs?.flush();
  }

  finish(): void {
    this.outputs?.finish();
  }

  leave(): void {
    this.notebook.awareness.setLocalState(null);
  }

  get shown(): string {
    const outputs = this.notebook.cells.flatMap(cell => (cell.cell_type === 'code' ? cell.toJSON().outputs : []));
    return (outputs as { text: string | string[] }[]).map(output => [output.text].flat().join('')).join('|');
  }

  source(index = 0): string {
    return this.notebook.cells[index].getSource();
  }
}

/** Updates wait until `sync`, as on a slow line. */
class Pair {
  readonly first = new Page();
  readonly second = new Page();

  constructor() {
    this.first.notebook.addCell({ cell_type: 'code', id: 'a', source: 'for x in xs:\n    print(x)' });
    this.sync();
  }

  sync(): void {
    for (const [from, to] of [
      [this.first.notebook, this.second.notebook],
      [this.second.notebook, this.first.notebook]
    ]) {
      Y.applyUpdate(to.ydoc, Y.encodeStateAsUpdate(from.ydoc));
      const ids = [...from.awareness.meta.keys()];
      applyAwarenessUpdate(to.awareness, encodeAwarenessUpdate(from.awareness, ids), 'peer');
    }
  }

  /** The page whose turn it is to write, and the other one. */
  get byTurn(): [Page, Page] {
    const { first, second } = this;
    const isFirst = first.notebook.awareness.clientID < second.notebook.awareness.clientID;
    return isFirst ? [first, second] : [second, first];
  }

  all(action: (page: Page) => void): void {
    [this.first, this.second].forEach(action);
  }
}

const printed = (number: number, text: string): Partial<RunEvent> => ({
  type: 'CellOutputReceived', step: 'a', cell_id: 'a', number, output: { output_type: 'stream', name: 'stdout', text }
});
const STARTED: Partial<RunEvent> = {
  type: 'RunStarted',
  steps: [{ id: 'a', cell_id: 'a', cell_number: 1, title: null, placement: 'main' }]
};

function followed(): Pair {
  const pair = new Pair();
  pair.all(page => page.follow());
  pair.sync();
  return pair;
}

describe('a notebook that two people have open', () => {
  it('shows each line once, though both pages follow the run', () => {
    const pair = followed();
    for (const [number, text] of ['1\n', '2\n', '3\n'].entries()) {
      pair.all(page => page.tell(...(number ? [] : [STARTED]), printed(number, text)));
      pair.all(page => page.show());
      pair.sync();
    }
    pair.all(page => page.finish());
    pair.sync();
    pair.all(page => expect(page.shown).toBe('1\n2\n3\n'));
  });

  it.each(['in mid-run', 'after the end'])('shows all when the page that wrote is closed %s', when => {
    const pair = followed();
    const [writer, other] = pair.byTurn;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    writer.show();
    pair.sync();
    other.tell(printed(1, '2\n'));
    if (when === 'after the end') {
      other.finish();
    }
    writer.leave();
    pair.sync();
    other.show();
    other.finish();
    expect(other.shown).toBe('1\n2\n');
  });

  it('keeps what another types while outputs come and an annotation is written', () => {
    const pair = followed();
    const [writer, other] = pair.byTurn;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    writer.show();
    const cell = { sharedModel: writer.notebook.cells[0] } as unknown as ICellModel;
    replaceSource(cell, `# split: show\n${writer.source()}`);
    const typed = other.notebook.cells[0];
    typed.updateSource(typed.getSource().length, typed.getSource().length, '  # typed');
    pair.sync();
    pair.all(page => {
      expect(page.source()).toBe('# split: show\nfor x in xs:\n    print(x)  # typed');
      expect(page.shown).toBe('1\n');
    });
    (writer.notebook.cells[0] as unknown as { undo(): void }).undo();
    pair.sync();
    expect(other.source()).toBe('for x in xs:\n    print(x)  # typed');
  });

  it('keeps outputs with a cell that another moves or deletes', () => {
    const pair = followed();
    const [writer, other] = pair.byTurn;
    other.notebook.addCell({ cell_type: 'code', id: 'b', source: '' });
    other.notebook.moveCell(0, 1);
    pair.sync();
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    writer.show();
    pair.sync();
    expect(other.notebook.cells.map(cell => cell.getId())).toEqual(['b', 'a']);
    expect(other.shown).toBe('1\n');
    other.notebook.deleteCell(1);
    pair.sync();
    pair.all(page => page.tell(printed(1, '2\n')));
    pair.all(page => page.show());
    pair.sync();
    pair.all(page => expect(page.notebook.cells.map(cell => cell.getId())).toEqual(['b']));
  });
});
