import type { IOutput } from '@jupyterlab/nbformat';

import { nextPart, sizeOf } from '../../src/running/outputParts';
import type { ICellOutputs } from '../../src/running/outputs';

const stream = (text: string, name = 'stdout'): IOutput => ({ output_type: 'stream', name, text });
const cell = (...outputs: IOutput[]): ICellOutputs => ({ outputs, executionCount: 1 });

/** What a cell shows after each part, to the end. */
function parts(whole: ICellOutputs): ICellOutputs[] {
  const shown: ICellOutputs[] = [];
  while (shown.at(-1) !== whole) {
    shown.push(nextPart(whole, sizeOf(shown.at(-1) ?? null)));
  }
  return shown;
}

test('outputs that are soon shown are one part', () => {
  const whole = cell(stream('x'.repeat(400_000)), { output_type: 'display_data', data: {}, metadata: {} });
  expect(parts(whole)).toEqual([whole]);
});

const LONG: [string, ICellOutputs][] = [
  ['many lines', cell(stream(`${'abc '.repeat(25)}\n`.repeat(100_000)))],
  ['one line', cell(stream('x'.repeat(10_000_000)))],
  ['a line of symbols', cell(stream(`a${'🙂'.repeat(3_000_000)}`))],
  ['several streams', cell(stream('x'.repeat(2_000_000)), stream('y'.repeat(2_000_000), 'stderr'), stream('z'))]
];

test.each(LONG)('each of few parts of %s goes on behind the one before', (_, whole) => {
  const shown = parts(whole);
  const texts = shown.map(part => part.outputs.map(output => String(output.text)).join(''));
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.length).toBeLessThan(25);
  texts.slice(1).forEach((text, index) => {
    const before = texts[index];
    expect(text.startsWith(before) && text.length > before.length).toBe(true);
    expect(text.length - before.length).toBeLessThanOrEqual(Math.max(500_000, before.length / 9));
    expect(encodeURIComponent(before.slice(-2))).toBeTruthy(); // throws at half a character
  });
});
