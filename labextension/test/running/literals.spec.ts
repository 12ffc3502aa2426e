import { LiteralError, parseLiteral, parseNumber } from '../../src/running/literalReader';
import { NumberLiteral, TupleLiteral, toJsonText, toPython } from '../../src/running/literals';

const READ: [string, string][] = [
  // typed, JSON that Python gets
  ['1', '1'],
  ['-2.50', '-2.50'],
  ['2.', '2.0'],
  ['.5', '0.5'],
  ['1e3', '1e3'],
  ['1_000', '1000'],
  ['0x10', '16'],
  ['0', '0'],
  ['12345678901234567890123', '12345678901234567890123'],
  ['None', 'null'],
  ['True', 'true'],
  ['[]', '[]'],
  ['[1, 2.0, "a", [None],]', '[1,2.0,"a",[null]]'],
  ['(1, 2)', '[1,2]'],
  ['(1,)', '[1]'],
  ['(1)', '1'],
  ['{}', '{}'],
  ['{"a": 1, \'b\': [True]}', '{"a":1,"b":[true]}'],
  ["'it''s'", '"its"'],
  ['"a\\n\\x41\\u00e9"', '"a\\nAé"'],
  ["r'C:\\new'", '"C:\\\\new"'],
  ['"""a "b" """', '"a \\"b\\" "'],
  ["float('inf')", 'Infinity'],
  ['-inf', '-Infinity']
];

test.each(READ)('%s is read', (text, json) => {
  expect(toJsonText(parseLiteral(text))).toBe(json);
});

const REFUSED: [string, number][] = [
  // typed, column of the mistake
  ['', 1],
  ['abc', 1],
  ['007', 1],
  ['[1, 2', 6],
  ['[1 2]', 4],
  ['[1,, 2]', 4],
  ['{1: 2}', 2],
  ['{1, 2}', 3],
  ['{"a": 1 "b": 2}', 9],
  ['[(1, 2)]', 2],
  ['"abc', 1],
  ['1 + 1', 3],
  ['__proto__', 1]
];

test.each(REFUSED)('%s is refused at column %i', (text, column) => {
  const read = (): unknown => parseLiteral(text);
  expect(read).toThrow(LiteralError);
  try {
    read();
  } catch (error) {
    expect((error as LiteralError).column).toBe(column);
  }
});

test.each(['1.', '-.5', '1e-3', '+1', '1_0.0'])('%s is a number', text => {
  expect(parseNumber(text)).not.toBeNull();
});

test.each(['', '.', 'e5', '-', '1__0', '0x', 'NaNa', '1 2'])('%s is no number', text => {
  expect(parseNumber(text)).toBeNull();
});

test('whole floats stay floats on the way to Python', () => {
  const body = { a: new NumberLiteral('2').toFloat(), b: undefined, c: [2.5, null], d: 'x' };
  expect(toJsonText(body)).toBe('{"a":2.0,"c":[2.5,null],"d":"x"}');
});

test('values are written as Python writes them', () => {
  const value = [null, true, "it's", 'a"b', new NumberLiteral('-Infinity'), { k: [] }];
  expect(toPython(value)).toBe('[None, True, "it\'s", \'a"b\', -inf, {\'k\': []}]');
  expect(toPython(new TupleLiteral([new NumberLiteral('1')]))).toBe('(1,)');
});
