import { toJsonText } from '../../src/running/literals';
import {
  IParameter,
  fieldsOf,
  parseField,
  readForm,
  readSecrets
} from '../../src/running/parameters';

function parameter(type_name: string, source: string, value: unknown, more = {}): IParameter {
  return {
    name: 'param_x', kind: 'param', default: value, type_name, source, cell_id: 'a', line: 1, ...more
  };
}

const INT = parameter('int', '40', 40);
const FLOAT = parameter('float', '1.0', 1);
const BOOL = parameter('bool', 'False', false);
const TEXT = parameter('str', "'a'", 'a');
const LIST = parameter('list', '[1.0, 2]', [1, 2]);
const TUPLE = parameter('tuple', '(1, 2)', [1, 2]);
const DICT = parameter('dict', "{'a': 1}", { a: 1 });
const NONE = parameter('NoneType', 'None', null);
const COMPUTED = parameter('NoneType', 'os.cpu_count()', null);
const MAYBE_INT = parameter('int | None', 'None', null);
const OPTIONAL = parameter('typing.Optional[str]', "'a'", 'a');
const UNION = parameter("'Union[int, str]'", '3', 3);
const SET = parameter('set', '{1, 2}', [1, 2]);
const ANNOTATED = parameter('float', '1', 1);

const SHOWN: [string, IParameter, string, string][] = [
  // name, parameter, kind of field, text at first
  ['int', INT, 'number', '40'],
  ['float', FLOAT, 'number', '1.0'],
  ['an int for a float', ANNOTATED, 'number', '1'],
  ['bool', BOOL, 'checkbox', 'False'],
  ['text', TEXT, 'text', 'a'],
  ['list, its floats as written', LIST, 'literal', '[1.0, 2]'],
  ['tuple', TUPLE, 'literal', '(1, 2)'],
  ['dict', DICT, 'literal', "{'a': 1}"],
  ['None', NONE, 'any', 'None'],
  ['computed', COMPUTED, 'any', ''],
  ['annotated, maybe None', MAYBE_INT, 'number', 'None'],
  ['optional', OPTIONAL, 'text', 'a'],
  ['union', UNION, 'literal', '3'],
  ['a server that tells no source', parameter('float', '', 2, { source: undefined }), 'number', '2.0']
];

test.each(SHOWN)('field of %s', (_, given, control, initial) => {
  const [field] = fieldsOf([given]);
  expect([field.control, field.initial]).toEqual([control, initial]);
  expect(parseField(field, field.initial)).toEqual({ unchanged: true });
});

const TYPED: [IParameter, string, string][] = [
  // parameter, typed, JSON for Python or what is wrong
  [INT, '41', '41'],
  [INT, ' 41 ', '41'],
  [INT, '1.5', 'This takes a whole number, such as 40.'],
  [INT, 'many', 'This takes a whole number, such as 40.'],
  [INT, '', 'This takes a whole number, such as 40.'],
  [INT, 'None', 'This takes a whole number, such as 40.'],
  [FLOAT, '2', '2.0'],
  [FLOAT, '1e-3', '1e-3'],
  [FLOAT, 'True', 'This takes a number, such as 0.5.'],
  [BOOL, 'True', 'true'],
  [BOOL, 'yes', 'This takes True or False.'],
  [TEXT, '', '""'],
  [TEXT, '3', '"3"'],
  [TEXT, 'None', '"None"'],
  [OPTIONAL, 'None', 'null'],
  [LIST, '[1]', '[1]'],
  [LIST, '(1, 2)', '[1,2]'],
  [LIST, '3', 'This takes a list, such as [1, 2].'],
  [LIST, '[1', "This takes a list, such as [1, 2]: column 3, ',' or ']' is expected."],
  [TUPLE, '(3,)', '[3]'],
  [DICT, '{"b": 2}', '{"b":2}'],
  [DICT, '[1]', 'This takes a dict, such as {"a": 1}.'],
  [NONE, '3', '3'],
  [NONE, 'abc', '"abc"'],
  [NONE, '[1', "This takes a Python value: column 3, ',' or ']' is expected."],
  [COMPUTED, '8', '8'],
  [MAYBE_INT, '8', '8'],
  [MAYBE_INT, '8.5', 'This takes a whole number, such as 40 or None.'],
  [UNION, 'abc', '"abc"'],
  [UNION, '4', '4']
];

test.each(TYPED)('%j given %j', (given, text, expected) => {
  const result = parseField(fieldsOf([given])[0], text);
  expect('value' in result ? toJsonText(result.value) : 'error' in result && result.error).toBe(
    expected
  );
});

test('what is unchanged is not given, what is wrong is named', () => {
  const fields = fieldsOf([
    { ...INT, name: 'param_a' }, { ...INT, name: 'param_b' }, { ...INT, name: 'param_c' }
  ]);
  const { values, errors } = readForm(fields, { param_a: '41', param_c: 'x' });
  expect(Object.keys(values)).toEqual(['param_a']);
  expect(Object.keys(errors)).toEqual(['param_c']);
});

test('a secret is a password that is never among the values', () => {
  const secret = parameter('str', '', null, { kind: 'secret', name: 'secret_key' });
  const [field] = fieldsOf([secret]);
  expect([field.control, field.initial, field.source]).toEqual(['password', '', '']);
  expect(readForm([field], { secret_key: 'abc' })).toEqual({ values: {}, errors: {} });
  expect(readSecrets([field], { secret_key: 'abc' })).toEqual({ secret_key: 'abc' });
  expect(readSecrets([field], { secret_key: '' })).toEqual({});
});

test('a value that no form can hold stays the notebook\u2019s', () => {
  const [field] = fieldsOf([SET]);
  expect(field.fixedBecause).toContain('only be set in the notebook');
  expect(parseField(field, '{3}')).toEqual({ unchanged: true });
});
