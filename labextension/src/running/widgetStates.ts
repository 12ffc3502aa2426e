// What a run's widgets are like: the same fold as storage/widget_states.py, held to it by tests/golden/outputs.json.

import type { IMimeBundle, IOutput } from '@jupyterlab/nbformat';

import { objectOf } from './outputData';

export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';
export const WIDGET_STATE = 'application/vnd.jupyter.widget-state+json';

/** A binary part of a state, at this place in it. */
export interface IBuffer {
  readonly path: readonly (string | number)[];
  readonly encoding: string;
  readonly data: string;
}

/** What a widget is like from here on, or that it is `closed`. */
export interface IWidgetChange {
  readonly state: Readonly<Record<string, unknown>>;
  readonly buffers: readonly IBuffer[];
  readonly closed: boolean;
}

/** A widget as a notebook's metadata keeps it. */
export interface IWidgetModel {
  readonly model_name: string;
  readonly model_module: string;
  readonly model_module_version: string;
  readonly state: Readonly<Record<string, unknown>>;
  readonly buffers?: readonly IBuffer[];
}

interface ITold {
  readonly cellId: string;
  readonly change: IWidgetChange;
}

const NOTHING: IWidgetChange = { state: {}, buffers: [], closed: false };

/** Folds what cells tell of widgets; what a cell told can be forgotten again. */
export class WidgetStates {
  private readonly _told = new Map<string, ITold[]>();
  private _changed = new Map<string, IWidgetChange>();

  /** Takes in what the cell told of a widget. */
  receive(cellId: string, message: Readonly<Record<string, unknown>>): void {
    const id = String(message.model_id);
    const change = {
      state: objectOf(message.state),
      buffers: (message.buffers ?? []) as readonly IBuffer[],
      closed: message.closed === true
    };
    const told = this._told.get(id) ?? [];
    const before = told.at(-1)?.cellId === cellId ? told.pop()?.change : undefined;
    this._told.set(id, [...told, { cellId, change: later(before ?? NOTHING, change) }]);
    this._changed.set(id, later(this._changed.get(id) ?? NOTHING, change));
  }

  /** Undoes all that the cell told. */
  forget(cellId: string): void {
    for (const [id, told] of [...this._told]) {
      const left = told.filter(entry => entry.cellId !== cellId);
      if (left.length) {
        this._told.set(id, left);
      } else {
        this._told.delete(id);
        this._changed.delete(id);
      }
    }
  }

  /** What was told of widgets since this was asked last. */
  takeChanged(): ReadonlyMap<string, IWidgetChange> {
    const changed = this._changed;
    this._changed = new Map();
    return changed;
  }

  isClosed(id: string): boolean {
    return this._told.get(id)?.at(-1)?.change.closed ?? false;
  }

  /** The widgets by their ids, but for those that are gone or whose beginning isn't known. */
  get models(): Readonly<Record<string, IWidgetModel>> {
    const models: Record<string, IWidgetModel> = {};
    for (const [id, told] of this._told) {
      const whole = told.reduce((before, { change }) => later(before, change), NOTHING);
      const model = modelOf(whole);
      if (model) {
        models[id] = model;
      }
    }
    return models;
  }
}

/** The widget as a notebook keeps it; null for one that is gone, or of which the change doesn't tell all. */
export function modelOf({ state, buffers, closed }: IWidgetChange): IWidgetModel | null {
  const { _model_name, _model_module, _model_module_version } = state;
  if (closed || typeof _model_name !== 'string') {
    return null;
  }
  return {
    model_name: _model_name,
    model_module: String(_model_module),
    model_module_version: String(_model_module_version),
    state,
    ...(buffers.length ? { buffers } : {})
  };
}

/** What both changes say. */
function later(before: IWidgetChange, change: IWidgetChange): IWidgetChange {
  if (change.closed || before.closed) {
    return change;
  }
  const told = new Set(change.buffers.map(buffer => JSON.stringify(buffer.path)));
  const kept = before.buffers.filter(
    ({ path }) => !(String(path[0]) in change.state) && !told.has(JSON.stringify(path))
  );
  return {
    state: { ...before.state, ...change.state },
    buffers: [...kept, ...change.buffers],
    closed: false
  };
}

/** The widget that the output shows, if it shows one. */
export function widgetOf(output: IOutput): string | null {
  const view = objectOf((objectOf(output.data) as IMimeBundle)[WIDGET_VIEW]);
  return typeof view.model_id === 'string' ? view.model_id : null;
}

/** The output as a page marks it whose widget is gone: it shows nothing. */
export function withoutWidget(output: IOutput): IOutput {
  const data = objectOf(output.data);
  const view = { ...objectOf(data[WIDGET_VIEW]), model_id: '' };
  return { ...output, data: { ...data, [WIDGET_VIEW]: view } } as IOutput;
}

/** A notebook's metadata of widgets, with these instead of all that it had `before`, or beside them. */
export function savedWidgets(
  models: Readonly<Record<string, IWidgetModel>>,
  before: unknown
): Record<string, unknown> | null {
  const others = objectOf(before);
  const kept = objectOf(objectOf(others[WIDGET_STATE]).state);
  if (!Object.keys(models).length) {
    return Object.keys(others).length ? others : null;
  }
  const state = { ...kept, ...models };
  return { ...others, [WIDGET_STATE]: { version_major: 2, version_minor: 0, state } };
}
