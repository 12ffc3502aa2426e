/** The golden event logs fold to the state that Python folds them to (`tests/cli/test_golden_runs.py`). */

import { readFileSync } from 'fs';
import { resolve } from 'path';

import type { RunEvent } from '../../src/api/types';
import { batchProgress, countedSteps, foldRun, NO_RUN, type IRunState, type ISplitState, type IStepState } from '../../src/model/foldRun';

const RUNS = resolve(__dirname, '../../../tests/golden/runs');

function eventsOf(name: string): RunEvent[] {
  const lines = readFileSync(resolve(RUNS, `${name}.jsonl`), 'utf-8').trim().split('\n');
  return lines.map(line => JSON.parse(line) as RunEvent);
}

const PYTHON_STATES = {
  queued: 'waiting',
  running: 'running',
  done: 'ok',
  reused: 'ok',
  failed: 'failed',
  notrun: 'not run'
};

/** A loop as `SplitView` of Python says it. */
function splitView(split: ISplitState): unknown {
  return {
    split: split.split,
    items: split.items,
    batches: split.batches,
    done: split.done,
    done_items: split.doneItems,
    reused: split.reused,
    whole: split.whole,
    description: split.description
  };
}

/** A step as `StepView` of Python says it. */
function stepView(step: IStepState): unknown {
  const failure: Record<string, unknown> = { ...step.failure };
  delete failure.v;
  delete failure.type;
  return {
    id: step.id,
    cell_number: step.cellNumber,
    title: step.title,
    state: PYTHON_STATES[step.state],
    started_at: step.startedAt,
    duration_s: step.durationS,
    splits: step.splits.map(splitView),
    inner: step.inner.map(splitView),
    notes: step.notes,
    failure: step.failure && failure,
    reused: step.state === 'reused',
    tasks: step.tasks
  };
}

function runView(state: IRunState): unknown {
  return {
    run_id: state.runId,
    notebook: state.notebook,
    executor: state.executor,
    slots: state.slots,
    started_at: state.startedAt,
    duration_s: state.durationS,
    status: state.status,
    steps: state.steps.map(stepView),
    messages: state.messages.map(message => [message.level, message.text])
  };
}

describe.each(['failed', 'resumed', 'nested'])('log of the %s run', name => {
  const expected: unknown = JSON.parse(readFileSync(resolve(RUNS, `${name}.state.json`), 'utf-8'));

  it('folds to the state that Python folds it to', () => {
    expect(runView(foldRun(NO_RUN, eventsOf(name)))).toEqual(expected);
  });

  it('folds to the same state one event at a time', () => {
    const state = eventsOf(name).reduce((folded, event) => foldRun(folded, [event]), NO_RUN);
    expect(runView(state)).toEqual(expected);
  });
});

describe('foldRun', () => {
  it('keeps the objects of steps that nothing happened to', () => {
    const events = eventsOf('failed');
    const before = foldRun(NO_RUN, events.slice(0, 4));
    const after = foldRun(before, events.slice(4, 5));
    const changed = after.steps.filter((step, index) => step !== before.steps[index]);
    expect(changed.length).toBeLessThanOrEqual(1);
  });

  it("counts an injected cell with the user's cell before it", () => {
    const { steps, ...state } = foldRun(NO_RUN, eventsOf('failed'));
    const injected = { ...steps[0], id: 'injected' };
    expect(countedSteps({ ...state, steps: [steps[0], injected, ...steps.slice(1)] })).toEqual(steps);
  });

  it('is running until the run has finished', () => {
    const events = eventsOf('resumed');
    expect(foldRun(NO_RUN, events.slice(0, -1)).status).toBe('running');
    expect(foldRun(NO_RUN, events).status).toBe('ok');
  });

  it('counts the batches of all loops of a step', () => {
    const state = foldRun(NO_RUN, eventsOf('failed'));
    const work = state.steps.find(step => step.id === 'work') as IStepState;
    expect(batchProgress(work)).toEqual({ done: 4, total: 4 });
    expect(batchProgress(state.steps[0])).toBeNull();
  });

  it('takes the number of items that an iterator gives for unknown', () => {
    const events = eventsOf('failed').map(event => (event.type === 'SplitStarted' ? { ...event, items: -1 } : event));
    const work = foldRun(NO_RUN, events).steps.find(step => step.id === 'work') as IStepState;
    expect(work.splits.map(split => split.items)).toEqual(work.splits.map(() => 0));
    expect(work.splits[0].doneItems).toBeGreaterThan(0);
  });
});
