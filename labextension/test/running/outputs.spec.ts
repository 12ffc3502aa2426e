import type { IOutput } from '@jupyterlab/nbformat';
import { readFileSync } from 'fs';
import { join } from 'path';

import { ICellOutputs, IOutputEvent, OutputFold } from '../../src/running/outputs';
import type { IWidgetModel } from '../../src/running/widgetStates';
import { settle } from '../../src/running/terminal';

interface IRow {
  name: string;
  events: IOutputEvent[];
  cells: Record<string, { outputs: IOutput[]; count: number | null }>;
  widgets: Record<string, IWidgetModel>;
}

/** Written by the Python tests (tests/storage/test_output_recorder.py), from the recorder that writes notebooks. */
const GOLDEN = JSON.parse(
  readFileSync(join(__dirname, '../../../tests/golden/outputs.json'), 'utf-8')
) as IRow[];

const OLD: ICellOutputs = {
  outputs: [{ output_type: 'stream', name: 'stdout', text: 'old' }],
  executionCount: 9
};

test.each(GOLDEN.map(row => [row.name, row] as const))('as in Python: %s', (_, row) => {
  const fold = new OutputFold(() => OLD);
  row.events.forEach(event => fold.apply(event));
  const cells = Object.fromEntries(
    Object.keys(row.cells).map(id => {
      const cell = fold.cell(id);
      return [id, { outputs: cell?.outputs, count: cell?.executionCount }];
    })
  );
  expect(cells).toEqual(row.cells);
  expect(fold.widgets.models).toEqual(row.widgets);
});

test('only cells that changed are told, outputs that did not change are the same objects', () => {
  const fold = new OutputFold(() => null);
  const started = GOLDEN[0].events[0];
  fold.apply(started);
  expect(fold.takeChanged()).toEqual(['a', 'b', 'c']);
  const stream = { type: 'CellOutputReceived', cell_id: 'a', output: { output_type: 'stream', name: 'stdout', text: 'x' } };
  fold.apply(stream);
  expect(fold.takeChanged()).toEqual(['a']);
  const before = fold.cell('a')?.outputs[0];
  fold.apply({ type: 'StepStarted', cell_id: 'a' });
  expect(fold.takeChanged()).toEqual([]);
  fold.apply({ ...stream, output: { ...stream.output, name: 'stderr' } });
  expect(fold.cell('a')?.outputs[0]).toBe(before);
  fold.apply({ ...stream, cell_id: 'elsewhere' });
  expect(fold.takeChanged()).toEqual(['a']);
});

test.each([
  ['plain\ntext', 'plain\ntext'],
  ['10%\r20%\r\n', '20%\n'],
  ['abc\rX', 'Xbc'],
  ['ab\bc', 'ac'],
  ['\b\bx', 'x'],
  ['a\nb\rc\n', 'a\nc\n']
])('%j is settled', (text, expected) => {
  expect(settle(text)).toBe(expected);
  expect(settle(expected)).toBe(expected);
});
