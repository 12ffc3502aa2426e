import { Signal } from '@lumino/signaling';

import type { IRunSummary } from '../../src/api/types';
import type { WorkflowModel } from '../../src/model/workflowModel';
import { isBusy, RunsModel } from '../../src/runs/runsModel';
import type { IWorkflows } from '../../src/tokens';

const notebook = (path: string): WorkflowModel =>
  ({ path, isDisposed: false, run: null, runChanged: new Signal<object, void>({}) }) as unknown as WorkflowModel;

test('a notebook that comes to the front while an answer for another is waited for is asked about at once', async () => {
  const answers = new Map<string, (runs: Partial<IRunSummary>[]) => void>();
  const workflows = {
    current: notebook('a.ipynb'),
    currentChanged: new Signal<object, void>({}),
    client: { runs: (path: string) => new Promise(resolve => answers.set(path, resolve)) }
  };
  const model = new RunsModel(workflows as unknown as IWorkflows, () => true);
  const until = (condition: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const look = (): unknown => (condition() ? resolve() : setTimeout(look, 5));
      look();
    });
  await until(() => answers.has('a.ipynb'));
  workflows.current = notebook('b.ipynb');
  workflows.currentChanged.emit();
  answers.get('a.ipynb')?.([{ id: 'of a', state: 'ok' }]);
  await until(() => answers.has('b.ipynb'));
  answers.get('b.ipynb')?.([{ id: 'of b', state: 'ok' }]);
  await until(() => model.isReady);
  expect(model.runs.map(run => run.id)).toEqual(['of b']);
  model.dispose();
});

const runs = (text: string): IRunSummary[] =>
  text.split(' ').map(word => ({ id: word[0], state: word.endsWith('+') ? 'running' : 'ok' })) as IRunSummary[];

test.each([
  ['a', 'a', false],
  ['a', 'a+', true],
  ['a', 'b a', true], // it was over at once
  ['b a', 'c b', true], // the oldest was removed meanwhile
  ['b a', 'b', true]
])('runs %s, then %s: it is looked again soon: %s', (before, now, expected) => {
  expect(isBusy(runs(before), runs(now))).toBe(expected);
});
