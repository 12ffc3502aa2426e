import type { NotebookPanel } from '@jupyterlab/notebook';

import { WidgetPage } from '../../src/running/widgetPage';
import { WIDGET_VIEW, type IWidgetChange } from '../../src/running/widgetStates';

const MODEL = { _model_name: 'M', _model_module: 'm', _model_module_version: '1' };

/** As ipywidgets' models: a state is read before it is taken. */
class Model {
  static _deserialize_state(state: object): Promise<object> {
    return Promise.resolve({ read: state });
  }
  readonly states: object[] = [];
  isClosed = false;

  set_state(state: object): void {
    this.states.push(state);
  }

  close(isCommClosed: boolean): Promise<void> {
    this.isClosed = isCommClosed;
    return Promise.resolve();
  }
}

class Manager {
  readonly models = new Map<string, Model>();
  readonly made: [object, object][] = [];

  has_model(id: string): boolean {
    return this.models.has(id);
  }

  get_model(id: string): Promise<Model | undefined> {
    return Promise.resolve(this.models.get(id));
  }

  new_model(options: { model_id: string }, state: object): Promise<Model> {
    const model = new Model();
    this.models.set(options.model_id, model);
    this.made.push([options, state]);
    return Promise.resolve(model);
  }
}

function panelOf(manager: Manager | null, mimeTypes = [WIDGET_VIEW]): NotebookPanel {
  const renderer = { _manager: manager && { promise: Promise.resolve(manager) }, dispose: jest.fn() };
  return { content: { rendermime: { mimeTypes, createRenderer: () => renderer } } } as unknown as NotebookPanel;
}

function change(state: object, more: Partial<IWidgetChange> = {}): Map<string, IWidgetChange> {
  return new Map([['w', { state: state as Record<string, unknown>, buffers: [], closed: false, ...more }]]);
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

test('a widget is made, changed in order, and closed', async () => {
  const manager = new Manager();
  const page = new WidgetPage(panelOf(manager));
  page.show(change({ ...MODEL, v: 1 }));
  page.show(change({ v: 2 }));
  page.show(change({ v: 3 }));
  await settled();
  const options = { model_id: 'w', model_name: 'M', model_module: 'm', model_module_version: '1' };
  expect(manager.made).toEqual([[options, { ...MODEL, v: 1 }]]);
  expect(manager.models.get('w')?.states).toEqual([{ read: { v: 2 } }, { read: { v: 3 } }]);
  page.show(change({}, { closed: true }));
  await settled();
  expect(manager.models.get('w')?.isClosed).toBe(true);
});

test('binary parts are put in their places', async () => {
  const manager = new Manager();
  const buffers = [{ path: ['u', 0], encoding: 'base64', data: 'AQI=' }];
  new WidgetPage(panelOf(manager)).show(change({ ...MODEL, u: [null] }, { buffers }));
  await settled();
  const { u } = manager.made[0][1] as { u: DataView[] };
  expect([u[0].getUint8(0), u[0].getUint8(1)]).toEqual([1, 2]);
});

test('a change of a widget that the page has never seen is left', async () => {
  const manager = new Manager();
  new WidgetPage(panelOf(manager)).show(change({ v: 2 }));
  await settled();
  expect(manager.made).toEqual([]);
});

test('a widget that fails is told on the console, and the next change is carried out', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const manager = new Manager();
  const page = new WidgetPage(panelOf(manager));
  page.show(change({ ...MODEL, u: 1 }, { buffers: [{ path: ['x', 'y'], encoding: 'base64', data: 'AQ==' }] }));
  page.show(change({ ...MODEL, v: 1 }));
  await settled();
  expect(warn).toHaveBeenCalledTimes(1);
  expect(manager.made).toHaveLength(1);
  warn.mockRestore();
});

test.each([
  ['is not installed', panelOf(new Manager(), [])],
  ['has no manager', panelOf(null)]
])('nothing is done where ipywidgets %s', async (_, panel) => {
  new WidgetPage(panel).show(change(MODEL));
  await settled();
});
