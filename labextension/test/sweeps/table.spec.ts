import { toJsonText } from '../../src/running/literals';
import { fieldsOf } from '../../src/running/parameters';
import { MAX_ROWS, expandRange } from '../../src/sweeps/ranges';
import { parseGrid, parseTable } from '../../src/sweeps/table';

const FIELDS = fieldsOf(
  (
    [
      ['param_n', 'int', 1, '1'],
      ['param_rate', 'float', 0.5, '0.5'],
      ['param_name', 'str', 'a', "'a'"],
      ['param_list', 'list', [], '[]'],
      ['param_set', 'set', [1], '{1}'],
      ['secret_key', 'str', null, '']
    ] as const
  ).map(([name, type_name, value, source]) => ({
    name,
    kind: name.startsWith('secret') ? ('secret' as const) : ('param' as const),
    default: value,
    type_name,
    source,
    cell_id: 'a',
    line: 1
  }))
);

const TABLES: [string, string, string][] = [
  ['CSV', 'param_n,param_rate\n1,0.5\n2,1\n', '[{"param_n":1,"param_rate":0.5},{"param_n":2,"param_rate":1.0}]'],
  ['pasted from a spreadsheet', 'param_n\tparam_name\r\n1\ta b\r\n2\t\r\n', '[{"param_n":1,"param_name":"a b"},{"param_n":2,"param_name":""}]'],
  ['semicolons', 'param_n;param_rate\n1;0.5', '[{"param_n":1,"param_rate":0.5}]'],
  ['one column', 'param_n\n1\n2', '[{"param_n":1},{"param_n":2}]'],
  ['quotes', 'param_name,param_n\n"a, ""b""\nc",1', '[{"param_name":"a, \\"b\\"\\nc","param_n":1}]'],
  ['lists', 'param_list;param_n\n[1, 2];3', '[{"param_list":[1,2],"param_n":3}]'],
  ['byte-order mark, blank lines, empty last cells', '\uFEFFparam_n\n\n1\n\n2,,\n'.replace(',,', ''), '[{"param_n":1},{"param_n":2}]'],
  ['empty cells at the end of a row', 'param_n,param_rate\n1,0.5,,\n', '[{"param_n":1,"param_rate":0.5}]']
];

test.each(TABLES)('table: %s', (_, text, expected) => {
  const { rows, errors } = parseTable(text, FIELDS);
  expect(errors).toEqual([]);
  expect(toJsonText(rows)).toBe(expected);
});

const WRONG: [string, string, number | null, number | null, string][] = [
  // what, table, row, column, message
  ['empty', ' \n', null, null, 'The table is empty'],
  ['only a header', 'param_n', null, null, 'no rows'],
  ['unknown parameter', 'param_n,param_x\n1,2', 1, 2, "no parameter 'param_x'. It has: param_n, param_rate"],
  ['twice', 'param_n,param_n\n1,2', 1, 2, 'there twice'],
  ['no name', 'param_n,,param_rate\n1,2,3', 1, 2, 'no name'],
  ['secret', 'secret_key\nabc', 1, 1, 'secret'],
  ['not for tables', 'param_set\n{1}', 1, 1, 'only be set in the notebook'],
  ['wrong type', 'param_n,param_rate\n1,2\n3,x', 3, 2, "'x' doesn\u2019t fit param_rate. This takes a number"],
  ['missing cell', 'param_n,param_rate\n1', 2, null, 'Cells in this row: 1; in the header: 2.'],
  ['too many cells', 'param_n\n1\n2,3', 3, 1, "'2,3' doesn\u2019t fit"],
  ['after a cell of two lines', 'param_name,param_n\n"a\nb",1\nc,x', 4, 2, "'x'"]
];

test.each(WRONG)('wrong table: %s', (_, text, row, column, message) => {
  const { errors } = parseTable(text, FIELDS);
  expect(errors).toHaveLength(1);
  expect([errors[0].row, errors[0].column]).toEqual([row, column]);
  expect(errors[0].message).toContain(message);
});

test('a grid is each with each, the last parameter fastest', () => {
  const { rows, names } = parseGrid({ param_n: '1 to 2', param_name: "a, 'b, c'" }, FIELDS, 'grid');
  expect(names).toEqual(['param_n', 'param_name']);
  expect(rows.map(row => toJsonText(Object.values(row)))).toEqual([
    '[1,"a"]', '[1,"b, c"]', '[2,"a"]', '[2,"b, c"]'
  ]);
});

test('values that go together', () => {
  const texts = { param_n: '1, 2', param_rate: '0 to 0.1 step 0.1', param_list: '' };
  const { rows } = parseGrid(texts, FIELDS, 'together');
  expect(toJsonText(rows)).toBe('[{"param_n":1,"param_rate":0.0},{"param_n":2,"param_rate":0.1}]');
  const { errors } = parseGrid({ param_n: '1, 2, 3', param_rate: '1, 2' }, FIELDS, 'together');
  expect(errors[0].message).toContain('param_n has 3, param_rate has 2');
});

test('lists are values too', () => {
  const { rows } = parseGrid({ param_list: '[1, 2], [3]' }, FIELDS, 'grid');
  expect(toJsonText(rows)).toBe('[{"param_list":[1,2]},{"param_list":[3]}]');
});

test.each([
  [{}, null, 'at least one'],
  [{ param_n: '1 to x' }, 'param_n', "'x' is no number"],
  [{ param_n: '1, 2.5' }, 'param_n', "'2.5' doesn\u2019t fit"],
  [{ param_n: '1 to 40', param_rate: '1 to 40' }, null, '1600 runs'],
  [{ param_n: `1 to ${MAX_ROWS + 1}` }, 'param_n', '1001 values']
])('wrong grid: %j', (texts, name, message) => {
  const { rows, errors } = parseGrid(texts, FIELDS, 'grid');
  expect(rows).toEqual([]);
  expect(errors[0].name).toBe(name);
  expect(errors[0].message).toContain(message);
});

test.each([
  ['1', '4', '1', ['1', '2', '3', '4']],
  ['0', '0.3', '0.1', ['0.0', '0.1', '0.2', '0.3']],
  ['0', '1', '0.4', ['0.0', '0.4', '0.8']],
  ['3', '1', '1', ['3', '2', '1']],
  ['-0.5', '0.5', '.5', ['-0.5', '0.0', '0.5']],
  ['1e-1', '2e-1', '1e-1', ['0.1', '0.2']],
  ['1e2', '2e2', '50', ['100', '150', '200']],
  ['5', '5', '1', ['5']]
])('%s to %s step %s', (start, stop, step, expected) => {
  expect(expandRange(start, stop, step)).toEqual(expected);
});

test.each([['1', '2', '0'], ['1', '2', '-1'], ['a', '2', '1'], ['1', '2', 'nan']])(
  '%s to %s step %s is wrong',
  (...range) => {
    expect(typeof expandRange(...range)).toBe('string');
  }
);
