import { nullTranslator } from '@jupyterlab/translation';

import type { ICellCheck, ILoopCheck } from '../../src/api/types';
import { badgeOf } from '../../src/annotating/badges/badgeText';
import { foldRun, NO_RUN, type IStepState } from '../../src/model/foldRun';
import { check as checkOf } from '../panel/builders';

const trans = nullTranslator.load('naavre_ext');

const CHECK: ICellCheck = { ...checkOf('a', []), cell_number: 1 };

const LOOP: ILoopCheck = {
  index: 0,
  line: 2,
  form: 'for',
  iterable: 'items',
  split: true,
  splittable: true,
  costly: true,
  doubtful: false,
  batches: 'auto',
  shared: [],
  reductions: [],
  merges: [],
  reason: null,
  reason_line: null,
  variable: null,
  remedy: null,
  flow: null
};

const text = (check: ICellCheck | null, annotations: Record<string, string> = {}): string | undefined =>
  badgeOf({ check, annotations, diagnostics: [], step: null, isOld: false, isEdited: false }, trans)?.text;

function running(batchesDone: number): IStepState {
  const common = { v: 1, seq: 0, at: 0, step: 's', cell_id: 'a' } as const;
  const batch = { type: 'BatchFinished', split: 0, items: 2, started_at: 0, duration_s: 1, worker: 'w' } as const;
  return foldRun(NO_RUN, [
    {
      ...{ v: 1, seq: 0, at: 0, type: 'RunStarted', run_id: 'r', notebook: null, executor: 'ray', slots: 2 },
      steps: [{ id: 's', cell_id: 'a', cell_number: 1, title: null, placement: 'main' }]
    },
    { ...common, type: 'StepStarted', placement: 'main' },
    { ...common, type: 'SplitStarted', split: 0, title: null, items: 10, batches: 5, reason: '', description: '' },
    ...Array.from({ length: batchesDone }, (_, index) => ({ ...common, ...batch, batch: index }))
  ]).steps[0];
}

describe('badgeOf', () => {
  it('is none for a cell that the workflow doesn’t have', () => {
    expect(badgeOf({ check: null, annotations: {}, diagnostics: [], step: null, isOld: false, isEdited: false }, trans)).toBeNull();
  });

  it.each<[string, ICellCheck, Record<string, string>, string]>([
    ['sized while running', { ...CHECK, loops: [LOOP] }, { split: 't' }, 'split'],
    ['into a number', { ...CHECK, loops: [{ ...LOOP, batches: 4 }] }, { split: 't' }, 'split ×4'],
    ['kept out', CHECK, { 'do-not-containerize': '' }, 'notebook only'],
    ['in the main worker', CHECK, {}, 'in order'],
    ['anywhere', { ...CHECK, placement: 'any' }, {}, 'in parallel'],
    ['parameters', { ...CHECK, kind: 'parameters' }, {}, 'parameters'],
    [
      'can’t be split',
      { ...CHECK, loops: [{ ...LOOP, split: false, splittable: false, reason: 'it breaks' }] },
      { split: 't' },
      'runs whole'
    ]
  ])('%s', (_, check, annotations, expected) => {
    expect(text(check, annotations)).toBe(expected);
  });

  it('is of before the errors of other cells, and told to be', () => {
    const facts = { check: CHECK, annotations: {}, diagnostics: [], step: null, isOld: true, isEdited: false };
    expect(badgeOf(facts, trans)).toMatchObject({ text: 'in order', isOld: true });
  });

  it('shows how a cell ended that was edited since, and says so', () => {
    const step: IStepState = { ...running(5), state: 'done', durationS: 2 };
    const badge = badgeOf({ check: CHECK, annotations: {}, diagnostics: [], step, isOld: false, isEdited: true }, trans);
    expect(badge?.run).toMatchObject({ text: '2.0 s', isEdited: true, hint: '5 of 5\nThe cell was edited since.' });
  });

  it('counts the batches of a running cell', () => {
    const badge = badgeOf({ check: CHECK, annotations: {}, diagnostics: [], step: running(3), isOld: false, isEdited: false }, trans);
    expect(badge?.run).toMatchObject({ state: 'running', text: '3 of 5' });
  });
});
