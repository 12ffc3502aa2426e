import { nullTranslator } from '@jupyterlab/translation';

import type { IRunSummary, RunEvent } from '../../src/api/types';
import { LogBook } from '../../src/runs/logBook';
import { agoText, entriesOf, parametersText, rowsToShow, speedText } from '../../src/runs/runList';
import { criticalSteps, spansOf, type ITimeline } from '../../src/runs/timeline';

const trans = nullTranslator.load('naavre_ext');

function book(...parts: Record<string, unknown>[]): LogBook {
  const steps = [
    { id: 'a', cell_id: 'a', cell_number: 2, title: 'work', placement: 'main' },
    { id: 'b', cell_id: 'b', cell_number: 3, title: null, placement: 'main' }
  ];
  const started = { type: 'RunStarted', run_id: 'r', notebook: null, executor: 'ray', slots: 2, steps };
  const events = [started, ...parts].map((part, seq) => ({ v: 1, seq, at: seq, step: 'a', cell_id: 'a', ...part }));
  const logs = new LogBook();
  logs.add(events as unknown as RunEvent[]);
  return logs;
}

const output = (own: Record<string, unknown>): Record<string, unknown> => ({
  type: 'CellOutputReceived',
  number: 0,
  output: own
});
const stream = (text: string, name = 'stdout'): Record<string, unknown> => output({ output_type: 'stream', name, text });
const batch = (number: number, more = {}): Record<string, unknown> => ({
  type: 'BatchFinished', split: 0, batch: number, items: 3, started_at: 5, duration_s: 0.5, worker: 'w', ...more
});

describe('the logs of a run', () => {
  it('join what a step wrote, as a terminal would show it', () => {
    const [step] = book(
      stream('10%\r'),
      stream('20%\r100%\n'),
      stream('careful\n', 'stderr'),
      output({ output_type: 'execute_result', data: { 'text/plain': ['4', '2'], 'text/html': '<b>42</b>' } })
    ).steps;
    expect(step.entries).toEqual([
      { kind: 'out', text: '100%\n' },
      { kind: 'err', text: 'careful\n' },
      { kind: 'out', text: '42\n' }
    ]);
  });

  it('forget what was discarded and cleared, but not why', () => {
    const [step] = book(
      stream('old\n'),
      batch(0),
      { type: 'StepRelocated', reason: 'a lock' },
      { type: 'CellOutputsDiscarded' },
      stream('newer\n'),
      output({ output_type: 'clear_output', wait: false }),
      stream('newest\n')
    ).steps;
    expect(step.entries.map(entry => entry.text)).toEqual(['runs again in the main worker: a lock', 'newest\n']);
    expect(step.batches).toEqual([]);
  });

  it('tell how each batch went', () => {
    const [step] = book(
      batch(2),
      { type: 'BatchRetried', split: 0, batch: 1, tries: 1, reason: 'its worker died' },
      batch(1),
      { type: 'BatchReused', split: 0, batch: 0, start: 0, items: 3 },
      {
        type: 'StepFailed', execution_count: 1, started_at: 0, duration_s: 1, worker: 'w', ename: 'ValueError',
        evalue: 'no', traceback: [], batch: 3, item: 10, item_repr: "'x'"
      }
    ).steps;
    expect(step.batches.map(b => [b.batch, b.state, b.retries, b.failure])).toEqual([
      [0, 'reused', [], ''],
      [1, 'done', ['its worker died'], ''],
      [2, 'done', [], ''],
      [3, 'failed', [], "ValueError: no (item 11: 'x')"]
    ]);
    expect(step.entries[0].text).toBe("failed: ValueError: no (item 11: 'x')\n");
  });

  it('show tracebacks without their colours, and messages of the whole run apart', () => {
    const logs = book(
      output({ output_type: 'error', traceback: ['\u001b[0;31mValueError\u001b[0m', 'no'] }),
      { type: 'MessageLogged', level: 'warning', text: 'slow', code: '' }
    );
    expect(logs.steps[0].entries).toEqual([{ kind: 'err', text: 'ValueError\nno\n' }]);
    expect(logs.messages).toEqual([{ kind: 'err', text: 'slow' }]);
  });
});

describe('a list of runs', () => {
  const run = (id: string, more: Partial<IRunSummary> = {}): IRunSummary => ({
    id, path: 'n.ipynb', state: 'ok', started_at: Number(id), duration_s: 1, parameters: {}, executor: 'ray', slots: 2,
    steps_total: 1, steps_done: 1, speedup: null, batches: 0, sweep: null, sweep_row: null, sweep_rows: null, source_digests: {}, output: null,
    parameter_texts: {}, ...more
  });

  it('is newest first, with the runs of a sweep together in their order', () => {
    const entries = entriesOf([
      run('1'),
      run('2', { sweep: 's', sweep_row: 0, sweep_rows: 3, parameters: { n: 1, k: 7 } }),
      run('3', { sweep: 's', sweep_row: 1, sweep_rows: 3, parameters: { n: 2, k: 7 } }),
      run('3.5', { sweep: 's', sweep_rows: 3, parameters: { k: 7 } }),
      run('4')
    ]);
    expect(entries.map(e => (e.kind === 'run' ? e.run.id : e.runs.map(r => r.id)))).toEqual(['4', ['2', '3'], '1']);
    const sweep = entries[1];
    expect(sweep.kind === 'sweep' && sweep.varying).toEqual(['n']);
    expect(sweep.kind === 'sweep' && [sweep.rows, sweep.shared?.id]).toEqual([3, '3.5']);
  });

  it('shows of a long sweep what runs or failed, and the first of the others', () => {
    const rows = Array.from({ length: 200 }, (_, row) => run(String(row), { state: row % 20 === 7 ? 'failed' : 'ok' }));
    const shown = rowsToShow(rows).map(row => Number(row.id));
    expect(shown).toHaveLength(50);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown.filter(row => row % 20 === 7)).toHaveLength(10);
    expect(rowsToShow(rows.slice(0, 50))).toEqual(rows.slice(0, 50));
  });

  it('puts parameters, times and speed into words', () => {
    const texts = { n: '5.0', name: "'x'" };
    const own = run('1', { parameters: { n: 5, name: 'x' }, parameter_texts: texts, speedup: 3.16 });
    expect(parametersText(own)).toBe("n = 5.0, name = 'x'");
    expect(parametersText(own, ['n'])).toBe('n = 5.0');
    expect(speedText(own)).toBe('3.2×');
    expect(speedText(run('1'))).toBe('');
    expect([10, 130, 7300].map(seconds => agoText(1000, 1000 + seconds, trans))).toEqual(['just now', '2 min ago', '2 h ago']);
  });
});

it('takes the server\u2019s timeline for the chart', () => {
  const step = { title: null, state: 'ok', batches: 0, whole: [], again: '' };
  const span = { step: 'a', split: null, batch: null, items: null, worker: 'm' };
  const timeline = {
    run_id: 'r', state: 'ok', slots: 2, start: 100, end: 103,
    steps: [
      { ...step, id: 'a', cell_number: 2, title: 'work' },
      { ...step, id: 'b', cell_number: 3, state: 'failed' }
    ],
    rows: [
      { worker: 'm', spans: [{ ...span, start: 100, end: 101 }, { ...span, step: 'b', start: 102, end: 103 }] },
      { worker: 'w', spans: [{ ...span, split: 0, batch: 4, items: 2, start: 101, end: 102 }] }
    ],
    critical_path: [{ place: 'cell 2 "work"', seconds: 1, batches: 1 }]
  } as unknown as ITimeline;
  expect([...criticalSteps(timeline)]).toEqual(['a']);
  expect(spansOf(timeline).map(s => [s.worker, s.step, s.batch, s.start, s.end, s.failed])).toEqual([
    ['m', 'a', null, 0, 1, false],
    ['m', 'b', null, 2, 3, true],
    ['w', 'a', 4, 1, 2, false]
  ]);
});
