import { nullTranslator } from '@jupyterlab/translation';

import type { RunEvent } from '../../src/api/types';
import { foldRun, NO_RUN } from '../../src/model/foldRun';
import { NodeRuns } from '../../src/panel/nodeRuns';
import { durationText, stateText } from '../../src/panel/runWording';

const trans = nullTranslator.load('naavre_ext');
const STEPS = ['a', 'b'].map((id, n) => ({ id, cell_id: id, cell_number: n + 1, title: null, placement: 'main' }));

/** Events as they come, without what doesn't matter here. */
function events(...parts: Record<string, unknown>[]): RunEvent[] {
  return parts.map((part, seq) => ({ v: 1, seq, at: seq, step: 'a', cell_id: 'a', ...part }) as unknown as RunEvent);
}

const STARTED = { type: 'RunStarted', run_id: 'r', notebook: null, executor: 'ray', slots: 2, steps: STEPS };
const SPLIT = { type: 'SplitStarted', split: 0, title: null, items: 2000, batches: 2000, reason: '', description: '' };
const BATCH = { type: 'BatchFinished', split: 0, batch: 0, items: 1, started_at: 0, duration_s: 0.1, worker: 'w' };

class Frames {
  private waiting: (() => void)[] = [];
  requested = 0;
  readonly request = (callback: () => void): void => {
    this.requested += 1;
    this.waiting.push(callback);
  };
  paint(): void {
    this.waiting.splice(0).forEach(callback => callback());
  }
}

describe('the states of the nodes', () => {
  it('tells only those whose step has changed, once a frame', () => {
    const frames = new Frames();
    const runs = new NodeRuns(frames.request);
    const told: string[] = [];
    ['a', 'b'].forEach(id => runs.subscribe(id, () => told.push(id)));
    let state = foldRun(NO_RUN, events(STARTED));
    runs.update(state);
    frames.paint();
    expect(told).toEqual(['a', 'b']);
    const untouched = runs.get('b');
    state = foldRun(state, events({ type: 'StepStarted', placement: 'main' }, SPLIT));
    for (let i = 0; i < 2000; i += 1) {
      state = foldRun(state, events({ ...BATCH, batch: i }));
      runs.update(state);
    }
    expect(frames.requested).toBe(2);
    frames.paint();
    expect(told).toEqual(['a', 'b', 'a']);
    expect(runs.get('a')).toMatchObject({ state: 'running', progress: { done: 2000, total: 2000 } });
    expect(runs.get('b')).toBe(untouched);
  });

  it('forgets a run that is no longer shown', () => {
    const frames = new Frames();
    const runs = new NodeRuns(frames.request);
    runs.update(foldRun(NO_RUN, events(STARTED)));
    frames.paint();
    const told = jest.fn();
    const end = runs.subscribe('a', told);
    runs.update(null);
    frames.paint();
    expect(runs.get('a')).toBeNull();
    expect(told).toHaveBeenCalledTimes(1);
    end();
    runs.update(foldRun(NO_RUN, events(STARTED)));
    frames.paint();
    expect(told).toHaveBeenCalledTimes(1);
  });

  const ended = { execution_count: 1, started_at: 0, duration_s: 1.25, worker: 'w' };
  const started = { type: 'StepStarted', placement: 'main' };
  const failed = { type: 'StepFailed', ename: 'ValueError', evalue: 'no', traceback: [], batch: null, ...ended };
  it.each([
    ['queued', [STARTED]],
    ['running', [STARTED, started]],
    ['running 2 of 2000', [STARTED, started, SPLIT, BATCH, BATCH]],
    ['done in 1.3 s', [STARTED, started, { type: 'StepFinished', batches: 0, unkept: '', ...ended }]],
    ['done in 1.3 s, 2000 batches', [STARTED, started, SPLIT, { type: 'StepFinished', ...ended }]],
    ['failed: ValueError: no', [STARTED, started, failed]],
    ['reused from an earlier run', [STARTED, { type: 'StepReused', source: 'q', ...ended }]],
    ['not run', [STARTED, { type: 'StepNotRun', reason: 'an earlier one failed' }]]
  ])('says: %s', (text, parts) => {
    const runs = new NodeRuns(callback => callback());
    runs.update(foldRun(NO_RUN, events(...parts)));
    const run = runs.get('a');
    expect(run && stateText(run, trans)).toBe(text);
  });
});

it.each([
  [0.004, '4 ms'],
  [0.42, '0.4 s'],
  [12.34, '12.3 s'],
  [59.96, '1 min 00 s'],
  [125, '2 min 05 s'],
  [3720, '1 h 02 min']
])('puts %d seconds into words', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
