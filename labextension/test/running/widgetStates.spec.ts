import { savedWidgets, WIDGET_STATE, WIDGET_VIEW, WidgetStates, widgetOf, withoutWidget } from '../../src/running/widgetStates';

const MODEL = { _model_name: 'M', _model_module: 'm', _model_module_version: '1' };
const SAVED = { model_name: 'M', model_module: 'm', model_module_version: '1', state: MODEL };

function metadata(state: object): Record<string, unknown> {
  return { [WIDGET_STATE]: { version_major: 2, version_minor: 0, state } };
}

test('what was told since is told once, several changes as one', () => {
  const states = new WidgetStates();
  states.receive('a', { model_id: 'w', state: { ...MODEL, v: 1 } });
  states.receive('b', { model_id: 'w', state: { v: 2 } });
  expect(states.takeChanged().get('w')?.state).toEqual({ ...MODEL, v: 2 });
  expect(states.takeChanged().size).toBe(0);
  states.receive('b', { model_id: 'w', state: { u: 3 } });
  expect(states.takeChanged().get('w')?.state).toEqual({ u: 3 });
  expect(states.models.w.state).toEqual({ ...MODEL, v: 2, u: 3 });
});

test('a widget that goes before it was shown is never told of', () => {
  const states = new WidgetStates();
  states.receive('a', { model_id: 'w', state: MODEL });
  states.forget('a');
  expect(states.takeChanged().size).toBe(0);
  expect(states.models).toEqual({});
});

test('the metadata has the run’s widgets beside those that stay', () => {
  expect(savedWidgets({}, undefined)).toBeNull();
  expect(savedWidgets({}, null)).toBeNull();
  expect(savedWidgets({ w: SAVED }, null)).toEqual(metadata({ w: SAVED }));
  const before = { ...metadata({ old: SAVED }), other: 1 };
  expect(savedWidgets({ w: SAVED }, before)).toEqual({ ...metadata({ old: SAVED, w: SAVED }), other: 1 });
  expect(savedWidgets({}, before)).toEqual(before);
});

test('the widget of an output', () => {
  const output = { output_type: 'display_data', metadata: {}, data: { [WIDGET_VIEW]: { model_id: 'w', v: 2 }, 'text/plain': 'W' } };
  expect(widgetOf(output)).toBe('w');
  expect(withoutWidget(output)).toEqual({ ...output, data: { ...output.data, [WIDGET_VIEW]: { model_id: '', v: 2 } } });
  expect(widgetOf({ output_type: 'stream', name: 'stdout', text: 'w' })).toBeNull();
});
