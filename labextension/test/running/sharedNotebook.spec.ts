// Two pages with the same notebook, as real-time collaboration has them.

import { YNotebook } from '@jupyter/ydoc';
import type { ICellModel } from '@jupyterlab/cells';
import { CodeCellModel } from '@jupyterlab/cells/lib/model';
import type { INotebookModel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import * as Y from 'yjs';

import type { Client } from '../../src/api/client';
import type { RunEvent } from '../../src/api/types';
import { replaceSource } from '../../src/model/notebookContent';
import type { RunModel } from '../../src/model/runModel';
import { LiveOutputs } from '../../src/running/liveOutputs';

/** The server's part: the page that came first has the turn, as in naavre_ext/server/writing_turns.py. */
class Server {
  private readonly line: Socket[] = [];

  readonly client = {
    settings: { WebSocket: socketsOf(this) },
    turnUrl: (id: string, document: string) => `${id} ${document}`
  } as unknown as Client;

  join(socket: Socket): void {
    this.line.push(socket);
    if (this.line.length === 1) {
      socket.tell({ turn: true, handed_over: false });
    }
  }

  leave(socket: Socket): void {
    const place = this.line.indexOf(socket);
    this.line.splice(place, place < 0 ? 0 : 1);
    if (place === 0) {
      this.line[0]?.tell({ turn: true, handed_over: true });
    }
  }

  finish(socket: Socket): void {
    if (this.line[0] === socket) {
      this.line.splice(0).slice(1).forEach(other => other.tell({ written: true }));
    }
  }
}

class Socket {
  static readonly opened: Socket[] = [];
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(private readonly server: Server) {
    Socket.opened.push(this);
    setTimeout(() => server.join(this), 0);
  }

  tell(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  send(): void {
    this.server.finish(this);
  }

  close(): void {
    this.server.leave(this);
  }
}

function socketsOf(server: Server): unknown {
  return function open() {
    return new Socket(server);
  };
}

/** A page: its copy of the notebook, what it shows of it, and the run that it follows. */
class Page {
  readonly notebook = new YNotebook();
  readonly run = { id: 'r1', received: new Signal<object, readonly RunEvent[]>({}), end: null };
  private outputs: LiveOutputs | null = null;
  private view: CodeCellModel | null = null;

  constructor(private readonly server: Server) {}

  look(index = 0): void {
    this.view = new CodeCellModel({ sharedModel: this.notebook.cells[index] as CodeCellModel['sharedModel'] });
  }

  follow(): void {
    const cells: ICellModel[] = [];
    const model = { sharedModel: this.notebook, cells, isDisposed: false } as unknown as INotebookModel;
    this.outputs = new LiveOutputs(this.server.client, this.run as unknown as RunModel, model, { show: () => undefined });
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

  /** It is closed, without a word. */
  leave(): void {
    this.outputs?.dispose();
    this.outputs = null;
  }

  /** What the document says, and after it what is on the screen, if that is something else. */
  get shown(): string {
    const said = textOf(this.notebook.cells.flatMap(cell => (cell.cell_type === 'code' ? cell.toJSON().outputs : [])));
    const seen = this.view ? textOf(this.view.outputs.toJSON()) : said;
    return said === seen ? said : `${said} but on the screen ${seen}`;
  }

  source(index = 0): string {
    return this.notebook.cells[index].getSource();
  }
}

function textOf(outputs: unknown): string {
  return (outputs as { text: string | string[] }[]).map(output => [output.text].flat().join('')).join('|');
}

/** Updates wait until `sync`, as on a slow line. */
class Pair {
  private readonly server = new Server();
  readonly first = new Page(this.server);
  readonly second = new Page(this.server);

  constructor() {
    this.first.notebook.addCell({ cell_type: 'code', id: 'a', source: 'for x in xs:\n    print(x)' });
    this.all(page => page.notebook.setState('document_id', 'd1'));
    this.sync();
    this.all(page => page.look());
  }

  sync(): void {
    for (const [from, to] of [
      [this.first.notebook, this.second.notebook],
      [this.second.notebook, this.first.notebook]
    ]) {
      Y.applyUpdate(to.ydoc, Y.encodeStateAsUpdate(from.ydoc));
    }
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

/** Both pages follow the run; the first one came first. */
function followed(): Pair {
  const pair = new Pair();
  pair.all(page => {
    page.follow();
    jest.advanceTimersByTime(10);
  });
  return pair;
}

describe('a notebook that two people have open', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([true, false])('shows each line once, though both pages follow the run (at once: %s)', isAtOnce => {
    const pair = followed();
    for (const [number, text] of ['1\n', '2\n', '3\n'].entries()) {
      pair.all(page => page.tell(...(number ? [] : [STARTED]), printed(number, text)));
      pair.all(page => page.show());
      if (isAtOnce) {
        pair.sync();
      }
    }
    pair.all(page => page.finish());
    pair.sync();
    pair.all(page => expect(page.shown).toBe('1\n2\n3\n'));
  });

  it('lets a page that is opened in mid-run write nothing, whatever its number is', () => {
    for (let round = 0; round < 10; round += 1) {
      const pair = new Pair();
      const { first, second } = pair;
      first.follow();
      jest.advanceTimersByTime(10);
      first.tell(STARTED, printed(0, '1\n'));
      first.show();
      pair.sync();
      second.follow();
      second.tell(STARTED, printed(0, '1\n'), printed(1, '2\n'));
      jest.advanceTimersByTime(100);
      first.tell(printed(1, '2\n'));
      first.show();
      pair.sync();
      pair.all(page => expect(page.shown).toBe('1\n2\n'));
    }
  });

  it.each(['in mid-run', 'after the end'])('shows all when the page that wrote is closed %s', when => {
    const pair = followed();
    const { first, second } = pair;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    first.show();
    pair.sync();
    second.tell(printed(1, '2\n'));
    if (when === 'after the end') {
      second.finish();
    }
    first.leave();
    jest.advanceTimersByTime(2000);
    second.finish();
    expect(second.shown).toBe('1\n2\n');
  });

  it('mends what the page that was closed had sent, when it comes late', () => {
    const pair = followed();
    const { first, second } = pair;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    first.show();
    pair.sync();
    pair.all(page => page.tell(printed(1, '2\n')));
    first.leave(); // it writes what it has, which is on the way for long
    jest.advanceTimersByTime(2000);
    expect(second.shown).toBe('1\n2\n');
    pair.sync();
    expect(second.shown).toContain('2\n2\n');
    jest.advanceTimersByTime(100);
    pair.sync();
    pair.all(page => expect(page.shown).toBe('1\n2\n'));
  });

  it('lets outputs be that somebody removed, also when the page that wrote is closed after the end', () => {
    const pair = followed();
    const { first, second } = pair;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    first.show();
    pair.sync();
    const cell = second.notebook.cells[0] as CodeCellModel['sharedModel'];
    cell.setOutputs([]);
    pair.sync();
    pair.all(page => page.finish());
    jest.advanceTimersByTime(2000);
    pair.sync();
    pair.all(page => expect(page.shown).toBe(''));
  });

  it('shows on a page that was off the line what came meanwhile, as one update', () => {
    const pair = followed();
    const { first } = pair;
    const clear = { type: 'CellOutputsDiscarded', cell_id: 'a' } as Partial<RunEvent>;
    pair.all(page => page.tell(STARTED, printed(0, '1\n')));
    first.show();
    pair.sync();
    pair.all(page => page.tell(clear));
    first.show();
    pair.all(page => page.tell(printed(1, '3\n')));
    first.show();
    pair.all(page => page.tell(printed(2, '4\n')));
    first.show();
    pair.sync();
    pair.sync(); // JupyterLab has added the text to what was removed, on the other page, and told the first one
    jest.advanceTimersByTime(100);
    pair.sync();
    pair.all(page => expect(page.shown).toBe('3\n4\n'));
  });

  it('keeps what another types while outputs come and an annotation is written', () => {
    const pair = followed();
    const { first: writer, second: other } = pair;
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
    const { first: writer, second: other } = pair;
    other.notebook.addCell({ cell_type: 'code', id: 'b', source: '' });
    other.notebook.moveCell(0, 1);
    pair.sync();
    pair.all(page => page.look(1));
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
