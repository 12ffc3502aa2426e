import { ganttOf, ticksOf, type ISpan } from '../../src/runs/gantt';

function span(text: string, more: Partial<ISpan> = {}): ISpan {
  const [worker, step, start, end] = text.split(' ');
  return { step, batch: null, split: 0, items: 1, worker, start: Number(start), end: Number(end), failed: false, ...more };
}

function batch(text: string, number: number, more: Partial<ISpan> = {}): ISpan {
  return span(text, { batch: number, ...more });
}

describe('the timeline of a run', () => {
  it('has a row for each worker, in the order in which they began', () => {
    const { rows } = ganttOf([span('w2 b 1 2'), span('main a 0 1'), span('main c 2 4')], 4, new Set(), 800);
    expect(rows.map(row => [row.worker, row.bars.map(bar => bar.step)])).toEqual([
      ['main', ['a', 'c']],
      ['w2', ['b']]
    ]);
    expect(rows.map(row => row.busy)).toEqual([0.75, 0.25]);
  });

  it('draws batches above their step, and marks the critical path', () => {
    const spans = [batch('main b 1 2', 0), span('main a 0 1'), span('main b 1 3'), batch('w b 1 3', 1)];
    const { rows } = ganttOf(spans, 3, new Set(['b']), 800);
    expect(rows[0].bars.map(bar => [bar.step, bar.kind, bar.critical])).toEqual([
      ['a', 'step', false],
      ['b', 'step', true],
      ['b', 'batch', true]
    ]);
    expect(rows[1].bars.map(bar => bar.batch)).toEqual([1]);
    // The main worker waits for batches while its step goes on: that isn't work.
    expect(rows[0].busy).toBeCloseTo(2 / 3);
  });

  it('draws many short batches as a few bars that hold all of them', () => {
    const spans = Array.from({ length: 2000 }, (_, i) =>
      batch(`w${i % 4} b ${(Math.floor(i / 4) / 50).toFixed(2)} ${((Math.floor(i / 4) + 0.9) / 50).toFixed(3)}`, i)
    );
    const { rows } = ganttOf(spans, 10, new Set(), 600);
    const bars = rows.flatMap(row => row.bars);
    expect(bars.length).toBeLessThan(1200);
    expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(2000);
    expect(bars.reduce((sum, bar) => sum + bar.items, 0)).toBe(2000);
  });

  it('keeps long batches, batches of other loops and gaps apart', () => {
    const spans = [
      batch('w b 0 0.001', 0),
      batch('w b 0.001 0.002', 1),
      batch('w b 0.002 0.003', 0, { split: 1 }),
      batch('w b 5 5.001', 2),
      batch('w b 5.001 8', 3)
    ];
    const { rows } = ganttOf(spans, 10, new Set(), 100);
    expect(rows[0].bars.map(bar => bar.count)).toEqual([2, 1, 1, 1]);
  });

  it('is as long as what happened in it', () => {
    expect(ganttOf([span('w a 0 7')], 5, new Set(), 100).seconds).toBe(7);
    expect(ganttOf([], 0, new Set(), 100).rows).toEqual([]);
  });

  it.each([
    [0.02, 800, '0|2 ms|4 ms|6 ms|8 ms|10 ms|12 ms|14 ms|16 ms|18 ms|20 ms'],
    [4, 500, '0|1 s|2 s|3 s|4 s'],
    [1, 300, '0|0.5 s|1.0 s'],
    [100, 300, '0|30 s|1:00|1:30'],
    [7300, 300, '0|30:00|1:00:00|1:30:00|2:00:00']
  ])('marks %d seconds on %d pixels', (seconds, width, labels) => {
    expect(ticksOf(seconds, width).map(tick => tick.label).join('|')).toBe(labels);
  });
});
