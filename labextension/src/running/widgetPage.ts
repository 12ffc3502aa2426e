// A run's widgets on the page, by the widget manager that ipywidgets' own extension has made for the notebook.

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { modelOf, WIDGET_VIEW, type IBuffer, type IWidgetChange } from './widgetStates';

/** What is used of a widget's model; see `WidgetModel` of @jupyter-widgets/base. */
interface IModel {
  readonly constructor: unknown;
  set_state(state: object): void;
  close(isCommClosed: boolean): Promise<void>;
}

/** What is used of a widget manager; see `IWidgetManager` of @jupyter-widgets/base. */
interface IManager {
  has_model(id: string): boolean;
  get_model(id: string): Promise<IModel>;
  new_model(options: object, state: object): Promise<IModel>;
}

interface IDeserializer {
  _deserialize_state(state: object, manager: IManager): Promise<object>;
}

/** Shows a run's widgets where ipywidgets is installed, and leaves them where it isn't. */
export class WidgetPage {
  private _manager: Promise<IManager | null> | null = null;
  /** Changes of one widget are carried out one after the other. */
  private readonly _last = new Map<string, Promise<void>>();

  constructor(private readonly _panel: NotebookPanel) {}

  /** Carries out the changes, for outputs that are written after this to show. */
  show(changes: ReadonlyMap<string, IWidgetChange>): void {
    if (changes.size) {
      this._manager ??= managerOf(this._panel.content.rendermime);
      void this._manager.then(manager => manager && this._showBy(manager, changes));
    }
  }

  private _showBy(manager: IManager, changes: ReadonlyMap<string, IWidgetChange>): void {
    for (const [id, change] of changes) {
      const before = this._last.get(id) ?? Promise.resolve();
      const done = before.then(() => carryOut(manager, id, change));
      this._last.set(
        id,
        done.catch(reason => console.warn(`The widget ${id} can't be shown:`, reason))
      );
    }
  }
}

/** The manager of the notebook's widgets; null where there is none. */
async function managerOf(rendermime: IRenderMimeRegistry): Promise<IManager | null> {
  if (!rendermime.mimeTypes.includes(WIDGET_VIEW)) {
    return null;
  }
  // No token leads to it: only what shows a widget knows it.
  const renderer = rendermime.createRenderer(WIDGET_VIEW);
  const known = (renderer as { _manager?: { promise?: Promise<IManager> } })._manager?.promise;
  renderer.dispose();
  return known ?? null;
}

async function carryOut(manager: IManager, id: string, change: IWidgetChange): Promise<void> {
  const isThere = manager.has_model(id);
  if (change.closed) {
    if (isThere) {
      await (await manager.get_model(id)).close(true);
    }
    return;
  }
  const state = withBuffers(change.state, change.buffers);
  const model = modelOf(change);
  if (isThere) {
    const known = await manager.get_model(id);
    const type = known.constructor as IDeserializer;
    known.set_state(await type._deserialize_state(state, manager));
  } else if (model) {
    const { model_name, model_module, model_module_version } = model;
    await manager.new_model({ model_id: id, model_name, model_module, model_module_version }, state);
  }
}

/** The state with its binary parts at their places. */
function withBuffers(
  state: Readonly<Record<string, unknown>>,
  buffers: readonly IBuffer[]
): object {
  const whole = JSON.parse(JSON.stringify(state)) as Record<string, unknown>;
  for (const { path, data } of buffers) {
    let place: Record<string | number, unknown> = whole;
    for (const key of path.slice(0, -1)) {
      place = place[key] as Record<string | number, unknown>;
    }
    const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
    place[path[path.length - 1]] = new DataView(bytes.buffer);
  }
  return whole;
}
