import { NO_RUN, type IRunState, type IStepState } from '../../src/model/foldRun';
import { duration, secondsLeft } from '../../src/running/estimate';

function step(cellId: string, state: IStepState['state'], done = 0, items = 0): IStepState {
  const split = { split: 0, title: null, items, batches: 1, done: 1, doneItems: done, reused: 0, whole: '', description: '' };
  return {
    id: cellId, cellId, cellNumber: 1, title: null, state, startedAt: 100, durationS: 0, worker: '',
    splits: items ? [split] : [], inner: [], notes: [], tasks: 0, failure: null, reason: ''
  };
}

const ROWS: [string, IStepState[], Record<string, number>, number | null][] = [
  // what, steps at 110 s, what cells took, seconds left
  ['from the last run', [step('a', 'done'), step('b', 'running'), step('c', 'queued')], { b: 14, c: 3 }, 7],
  ['from the items of a loop', [step('a', 'running', 2, 8)], {}, 30],
  ['longer than the last time', [step('a', 'running')], { a: 4 }, 0],
  ['too little is known', [step('a', 'queued'), step('b', 'queued'), step('c', 'done')], {}, null]
];

test.each(ROWS)('%s', (_, steps, took, expected) => {
  const state: IRunState = { ...NO_RUN, status: 'running', steps };
  expect(secondsLeft(state, 110, new Map(Object.entries(took)))).toBe(expected);
});

test.each([
  [0.42, '0.4 s'], [9.96, '10 s'], [59.4, '59 s'], [200, '3 min 20 s'], [7500, '2 h 5 min']
])('%d seconds are %s', (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});
