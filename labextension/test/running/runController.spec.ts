import { Signal } from '@lumino/signaling';

import { RequestError } from '../../src/api/client';
import type { IRunEnd, IRunSummary, RunEvent } from '../../src/api/types';
import { NO_RUN, foldRun } from '../../src/model/foldRun';
import type { RunModel } from '../../src/model/runModel';
import type { WorkflowModel } from '../../src/model/workflowModel';
import type { IRunMemory } from '../../src/running/reminder';
import { RunController } from '../../src/running/runController';

/** Writes outputs into cells until `dispose`: those of megabytes are written in parts, also behind the end. */
class FakeOutputs {
  isDisposed = false;
  finish(): void {
    mockAll.push(this);
  }
  dispose(): void {
    this.isDisposed = true;
  }
}
const mockAll: FakeOutputs[] = [];
jest.mock('../../src/running/liveOutputs', () => ({ LiveOutputs: jest.fn(() => new FakeOutputs()) }));

function summary(id: string, more: Partial<IRunSummary> = {}): IRunSummary {
  return {
    id, path: 'n.ipynb', state: 'running', started_at: 0, duration_s: 0, parameters: {}, executor: 'ray', slots: 2,
    steps_total: 1, steps_done: 0, speedup: null, batches: 0, sweep: null, sweep_row: null, sweep_rows: null, parameter_texts: {}, source_digests: {}, output: null, ...more
  };
}

/** A run whose events the test tells. */
class FakeRun {
  readonly received = new Signal<this, readonly RunEvent[]>(this);
  readonly changed = new Signal<this, void>(this);
  state = NO_RUN;
  end: IRunEnd | null = null;
  connection = 'open';
  isDisposed = false;

  constructor(readonly summary: IRunSummary) {}

  get id(): string {
    return this.summary.id;
  }

  finish(status: IRunEnd['status']): void {
    const event: RunEvent = { v: 1, type: 'RunFinished', seq: 0, at: 1, status: 'ok', duration_s: 1, counts: {} };
    this.state = foldRun(this.state, [event]);
    this.end = { status, failure: null };
    this.changed.emit();
  }

  dispose(): void {
    this.isDisposed = true;
    Signal.clearData(this);
  }
}

class Bench {
  runs: IRunSummary[] = [];
  remembered: string | null = null;
  readonly told: string[] = [];
  path = 'n.ipynb';
  readonly pathChanged = new Signal<object, string>({});
  readonly saveState = new Signal<object, string>({});
  model: { dirty: boolean; collaborative?: boolean } | null = null;
  readonly shown: FakeRun[] = [];
  readonly calls: string[] = [];
  readonly ended: string[] = [];
  refusal: RequestError | null = null;
  readonly runChanged = new Signal<object, void>({});
  readonly compiled = new Signal<object, void>({});
  readonly compilation: { result: { workflow: object | null } } = { result: { workflow: null } };
  readonly controller: RunController;

  constructor(setUp: (bench: Bench) => void = () => undefined) {
    setUp(this);
    const call = (name: string): Promise<IRunSummary> => {
      this.calls.push(name);
      return this.refusal ? Promise.reject(this.refusal) : Promise.resolve(summary(name));
    };
    const pathNow = (): string => this.path;
    const modelNow = (): object | null => this.model;
    const workflow = {
      get path() {
        return pathNow();
      },
      runChanged: this.runChanged,
      compiled: this.compiled,
      compilation: this.compilation,
      client: {
        runs: (path: string) => Promise.resolve(this.runs.filter(run => !path || run.path === path)),
        startRun: () => call('started'),
        resumeRun: (id: string) => call(`resumed-${id}`),
        cancelRun: (id: string) => call(`cancel-${id}`)
      },
      panel: {
        get model() {
          return modelNow();
        },
        disposed: new Signal<object, void>({}),
        context: { path: this.path, ready: Promise.resolve(), pathChanged: this.pathChanged, saveState: this.saveState },
        sessionContext: { session: null }
      },
      get run() {
        return shown.at(-1) ?? null;
      },
      showRun: (run: IRunSummary) => this.show(run),
      selectCell: (id: string) => this.calls.push(`select-${id}`)
    };
    const { shown } = this;
    const memory: IRunMemory = {
      recall: () => Promise.resolve(this.remembered),
      remember: (path, id) => {
        this.remembered = id;
        this.told.push(`${path}: ${id ?? 'none'}`);
        return Promise.resolve();
      }
    };
    this.controller = new RunController(workflow as unknown as WorkflowModel, memory);
    this.controller.ended.connect((_, run: RunModel) => this.ended.push(run.id));
  }

  get run(): FakeRun {
    return this.shown[this.shown.length - 1];
  }

  save(end = 'completed'): void {
    this.saveState.emit('started');
    this.saveState.emit(end);
  }

  show(run: IRunSummary): FakeRun {
    this.shown.at(-1)?.dispose();
    this.shown.push(new FakeRun(run));
    return this.run;
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 10; i += 1) {
      await Promise.resolve();
    }
  }
}

const CHOICE = { parameters: {}, options: {}, secrets: { secret_key: 'abc' } };

test('a run is started, followed to its end, and remembered meanwhile', async () => {
  const bench = new Bench();
  await bench.settle();
  const start = bench.controller.start(CHOICE);
  expect(bench.controller.phase).toBe('starting');
  await start;
  expect([bench.controller.phase, bench.remembered]).toEqual(['running', 'started']);
  bench.run.finish('ok');
  expect([bench.controller.phase, bench.remembered, bench.ended]).toEqual(['over', null, ['started']]);
});

test('a run is remembered by the new name of a notebook that is renamed meanwhile', async () => {
  const bench = new Bench();
  await bench.controller.start(CHOICE);
  bench.path = 'new.ipynb';
  bench.pathChanged.emit(bench.path);
  bench.run.finish('ok');
  bench.path = 'newer.ipynb';
  bench.pathChanged.emit(bench.path);
  expect(bench.told).toEqual(['n.ipynb: started', 'n.ipynb: none', 'new.ipynb: started', 'new.ipynb: none']);
});

const SAVED: [string, { dirty: boolean; collaborative?: boolean }, string | null][] = [
  ['not saved', { dirty: true }, 'started'],
  ['saved', { dirty: false }, null],
  ['shared by all pages', { dirty: true, collaborative: true }, null]
];

test.each(SAVED)('a run that is over is remembered while its outputs are %s', async (_, model, remembered) => {
  const bench = new Bench();
  await bench.settle();
  await bench.controller.start(CHOICE);
  bench.model = model;
  bench.run.finish('ok');
  expect(bench.remembered).toBe(remembered);
  bench.save('failed');
  expect(bench.remembered).toBe(remembered);
  bench.save();
  expect(bench.remembered).toBe(null);
});

test('a run is remembered until a save that began with all parts of its outputs', async () => {
  const bench = new Bench();
  await bench.settle();
  Object.assign(bench, { model: { dirty: true }, remembered: 'started' });
  bench.controller.follow(summary('started'));
  bench.saveState.emit('started');
  bench.run.finish('ok');
  bench.saveState.emit('completed');
  bench.save();
  bench.saveState.emit('started');
  mockAll.at(-1)?.dispose(); // the last part was written
  bench.saveState.emit('completed');
  expect(bench.remembered).toBe('started');
  bench.save();
  expect(bench.remembered).toBe(null);
});

test('a run whose outputs are not saved is remembered until another one is shown', async () => {
  const bench = new Bench();
  await bench.settle();
  const end = (): void => {
    bench.model = { dirty: true };
    bench.run.finish('ok');
    bench.model = null;
  };
  await bench.controller.start(CHOICE);
  end();
  await bench.controller.resume();
  expect(bench.remembered).toBe('resumed-started');
  end();
  bench.controller.follow(summary('old', { state: 'ok' }));
  expect(bench.remembered).toBe(null);
});

test('secrets are not kept', async () => {
  const bench = new Bench();
  await bench.controller.start(CHOICE);
  expect(JSON.stringify(bench.controller.lastChoice)).not.toContain('abc');
});

test('a second click starts nothing', async () => {
  const bench = new Bench();
  await Promise.all([bench.controller.start(CHOICE), bench.controller.start(CHOICE)]);
  expect(bench.calls).toEqual(['started']);
});

test('a refusal leads to the cell, and nothing is followed', async () => {
  const bench = new Bench(bench => {
    const place = { cell_id: 'c', cell_number: 2, line: 1, title: null };
    const diagnostic = { code: 'NX302', severity: 'error' as const, message: 'm', remedy: 'r', ...place };
    bench.refusal = new RequestError(422, 'm', null, [diagnostic]);
  });
  await bench.controller.start(CHOICE);
  expect(bench.controller.phase).toBe('idle');
  expect(bench.controller.problem?.diagnostics.map(found => found.code)).toEqual(['NX302']);
  expect(bench.calls).toEqual(['started', 'select-c']);
  bench.compiled.emit();
  expect(bench.controller.problem).not.toBeNull();
  bench.compilation.result.workflow = {}; // it was mended
  bench.compiled.emit();
  expect(bench.controller.problem).toBeNull();
});

const TAKEN_UP: [string, IRunSummary[], string | null, string | undefined, string | undefined][] = [
  // what, runs of the notebook, remembered, taken up, of which states are shown
  ['a run that goes on', [summary('b'), summary('a', { state: 'ok' })], null, 'b', 'b'],
  ['one that ended meanwhile', [summary('b', { state: 'failed' })], 'b', 'b', 'b'],
  ['one whose notebook was moved', [summary('b', { path: 'old/n.ipynb' })], 'b', 'b', 'b'],
  ['none of another notebook', [summary('b', { path: 'old/n.ipynb' })], null, undefined, undefined],
  ['none that was over already', [summary('b', { state: 'ok' }), summary('a', { state: 'ok' })], null, undefined, 'b'],
  ['none of a sweep', [summary('a', { sweep: 's' })], null, undefined, undefined]
];

test.each(TAKEN_UP)('opening a notebook takes up %s', async (_, runs, remembered, expected, shown) => {
  const bench = new Bench(bench => Object.assign(bench, { runs, remembered }));
  await bench.settle();
  expect(bench.controller.run?.id).toBe(expected);
  expect(bench.shown.at(-1)?.id).toBe(shown);
  expect(bench.controller.phase).toBe(expected ? 'running' : 'idle');
});

test('looking at an old run tells no end', () => {
  const bench = new Bench();
  bench.controller.follow(summary('old', { state: 'ok' }));
  bench.run.finish('ok');
  expect([bench.controller.phase, bench.ended]).toEqual(['over', []]);
});

test('stopping: a run that is over already is no problem, an unreachable server is', async () => {
  const bench = new Bench();
  await bench.controller.start(CHOICE);
  bench.refusal = new RequestError(409, 'over');
  await bench.controller.stop();
  expect([bench.controller.phase, bench.controller.problem]).toEqual(['stopping', null]);
  bench.run.finish('cancelled');
  await bench.controller.resume();
  expect(bench.calls.at(-1)).toBe('resumed-started');

  const other = new Bench();
  await other.controller.start(CHOICE);
  other.refusal = new RequestError(0, 'no answer');
  await other.controller.stop();
  expect(other.controller.phase).toBe('running');
  expect(other.controller.problem?.message).toContain('can\u2019t be reached');
});

test('a run that ends while another one is shown is followed to its end', async () => {
  const bench = new Bench();
  await bench.controller.start(CHOICE);
  const again = bench.show(summary('started'));
  bench.runChanged.emit();
  expect(bench.controller.run).toBe(again);
  again.finish('ok');
  expect(bench.ended).toEqual(['started']);
});
