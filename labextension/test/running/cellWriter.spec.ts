import { YNotebook } from '@jupyter/ydoc';
import type { IOutput } from '@jupyterlab/nbformat';
import { CodeCellModel } from '@jupyterlab/cells/lib/model';

import { CellWriter } from '../../src/running/cellWriter';
import type { ICellOutputs } from '../../src/running/outputs';

function text(value: string, name = 'stdout'): IOutput {
  return { output_type: 'stream', name, text: value };
}

function display(value: string): IOutput {
  return { output_type: 'display_data', data: { 'text/plain': value }, metadata: {} };
}

class Book {
  readonly notebook = new YNotebook();
  readonly trusted = new Set<string>();
  readonly writer: CellWriter;

  constructor(...ids: string[]) {
    for (const id of ids) {
      this.notebook.addCell({ cell_type: 'code', id, source: `# ${id}`, outputs: [text('old')] });
    }
    this.writer = new CellWriter(this.notebook, {
      isTrusted: id => this.trusted.has(id),
      trust: id => {
        expect(this.cell(id).getOutputs()).toEqual([]);
        this.trusted.add(id);
      }
    });
  }

  cell(id: string) {
    const cell = this.notebook.cells.find(cell => cell.getId() === id);
    if (cell?.cell_type !== 'code') {
      throw new Error(`no code cell ${id}`);
    }
    return cell as ReturnType<YNotebook['addCell']> & CodeCellModel['sharedModel'];
  }

  show(id: string, outputs: IOutput[], executionCount: number | null = null): void {
    this.writer.write(new Map<string, ICellOutputs>([[id, { outputs, executionCount }]]));
  }

  transactions(action: () => void): number {
    let count = 0;
    const listen = (): void => {
      count += 1;
    };
    this.notebook.ydoc.on('afterTransaction', listen);
    action();
    this.notebook.ydoc.off('afterTransaction', listen);
    return count;
  }
}

const SEQUENCES: [string, IOutput[][]][] = [
  ['a stream grows', [[text('1\n')], [text('1\n2\n')], [text('1\n2\n3\n')]]],
  ['a display follows', [[text('1')], [text('1'), display('x')]]],
  ['all at once', [[text('1'), text('2', 'stderr'), display('x')]]],
  ['streams by turns', [[text('1')], [text('1'), text('2', 'stderr')], [text('1'), text('23', 'stderr')]]],
  ['a stream replaced behind another', [[text('e', 'stderr'), text('1')], [text('e', 'stderr'), text('2')]]],
  ['an earlier display is updated', [[display('x'), text('1')], [display('y'), text('12')]]],
  ['cleared', [[text('1')], []]],
  ['cleared and written again', [[text('1'), display('x')], [text('2')]]],
  ['a progress bar', [[text('10%\r')], [text('10%\r20%\r')], [text('10%\r20%\rdone\nnext\n')]]]
];

function settledText(outputs: readonly IOutput[]): unknown[] {
  return outputs.map(output =>
    output.output_type === 'stream'
      ? [output.name, String(output.text).replace('10%\r20%\rdone', 'done').replace('10%\r20%\r', '20%').replace('10%\r', '10%')]
      : output.data
  );
}

test.each(SEQUENCES)('%s: notebook and JupyterLab\u2019s own model agree', (_, states) => {
  const book = new Book('a', 'b');
  const model = new CodeCellModel({ sharedModel: book.cell('a') });
  for (const state of states) {
    book.show('a', state);
    expect(settledText(book.cell('a').getOutputs())).toEqual(settledText(state));
    expect(settledText(model.outputs.toJSON())).toEqual(settledText(state));
  }
  expect(book.cell('a').getSource()).toBe('# a');
  expect(book.cell('b').getOutputs()).toEqual([text('old')]);
});

test('all cells of a flush change in one transaction', () => {
  const book = new Book('a', 'b');
  book.show('a', []);
  book.show('b', []);
  const both = new Map<string, ICellOutputs>([
    ['a', { outputs: [text('1')], executionCount: 1 }],
    ['b', { outputs: [display('x')], executionCount: 2 }]
  ]);
  expect(book.transactions(() => book.writer.write(both))).toBe(1);
  expect(book.cell('a').execution_count).toBe(1);
  expect(book.cell('b').execution_count).toBe(2);
});

test('writing what is there already changes nothing', () => {
  const book = new Book('a');
  book.trusted.add('a');
  let changes = 0;
  book.cell('a').changed.connect(() => {
    changes += 1;
  });
  book.show('a', [text('old')]);
  expect(changes).toBe(0);
});

test('outputs can\u2019t be undone, edits still can', () => {
  const book = new Book('a');
  book.notebook.clearUndoHistory();
  book.cell('a').setSource('edited');
  book.show('a', [text('1')]);
  book.cell('a').undo();
  expect(book.cell('a').getSource()).toBe('# a');
  expect(book.cell('a').getOutputs()).toEqual([text('1')]);
});

test('what the file brought along never becomes trusted', () => {
  const book = new Book('a');
  book.show('a', [text('old'), display('new')]); // the book checks that outputs are empty when trusted
  expect(book.trusted.has('a')).toBe(true);
  expect(book.cell('a').getOutputs()).toEqual([text('old'), display('new')]);
});

test('a cell that others wrote to meanwhile is written whole', () => {
  const book = new Book('a');
  book.show('a', [text('1')]);
  book.cell('a').setOutputs([]);
  book.show('a', [text('12')]);
  expect(book.cell('a').getOutputs()).toEqual([text('12')]);
});

test('moved cells are followed; deleted and changed ones are let be', () => {
  const book = new Book('a', 'b', 'c');
  book.show('a', [text('1')]);
  book.notebook.moveCell(0, 2);
  book.show('a', [text('12')]);
  expect(book.cell('a').getOutputs()).toEqual([text('12')]);
  book.notebook.deleteCell(2);
  book.show('a', [text('123')]);
  expect(book.notebook.cells.map(cell => cell.getId())).toEqual(['b', 'c']);
  book.notebook.deleteCell(0);
  book.notebook.insertCell(0, { cell_type: 'markdown', id: 'b', source: '# text' });
  book.show('b', [text('1')]);
  expect(book.notebook.cells[0].toJSON()).not.toHaveProperty('outputs');
});
