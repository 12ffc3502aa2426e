// A sweep's rows, from a pasted table, a CSV file, or values for each parameter.

import { IField, parseText } from '../running/parameters';
import { ParameterValue } from '../running/literals';
import { MAX_ROWS, expandRange } from './ranges';

/** The parameters of one run of a sweep. */
export type SweepRow = Readonly<Record<string, ParameterValue>>;

/** What is wrong, and where: `row` and `column` count from 1, as in a spreadsheet with the header in row 1. */
export interface ITableError {
  readonly row: number | null;
  readonly column: number | null;
  readonly name: string | null;
  readonly message: string;
}

export interface ITable {
  readonly names: readonly string[];
  readonly rows: readonly SweepRow[];
  readonly errors: readonly ITableError[];
}

/** The rows of a table whose first line names parameters; cells are separated by tabs, commas or semicolons. */
export function parseTable(text: string, fields: readonly IField[]): ITable {
  const lines = readCells(text);
  if (!lines.length) {
    return table([], [], [wrong('The table is empty: its first row has to name parameters.')]);
  }
  const [header, ...body] = lines;
  const names = header.cells.map(cell => cell.trim());
  const { columns, errors } = matchColumns(names, fields, header.row);
  if (!errors.length && !body.length) {
    errors.push(wrong('The table has no rows below its header.'));
  }
  const rows = body.map(line => {
    const cells = trimmedTo(line.cells, columns.length);
    if (cells.length !== columns.length) {
      const message = `Cells in this row: ${cells.length}; in the header: ${columns.length}.`;
      errors.push({ row: line.row, column: null, name: null, message });
    }
    const row: Record<string, ParameterValue> = {};
    columns.forEach((field, index) => {
      const cell = cells[index];
      if (!field || cell === undefined) {
        return;
      }
      const result = parseText(field, cell.trim());
      if ('error' in result) {
        const message = `'${cell.trim()}' doesn\u2019t fit ${field.name}. ${result.error}`;
        errors.push({ row: line.row, column: index + 1, name: field.name, message });
      } else {
        row[field.name] = result.value;
      }
    });
    return row;
  });
  return table(names, rows, errors);
}

/** How the values of several parameters make rows: each with each, or the first with the first and so on. */
export type Combination = 'grid' | 'together';

/**
 * The rows that values for each parameter make: `1, 2, 5` or `0 to 1 step 0.25`. Parameters without text
 * keep the notebook's value. In a grid the last parameter varies fastest.
 */
export function parseGrid(
  texts: Readonly<Record<string, string>>,
  fields: readonly IField[],
  combination: Combination
): ITable {
  const errors: ITableError[] = [];
  const columns: { name: string; values: ParameterValue[] }[] = [];
  for (const field of fields) {
    const text = texts[field.name]?.trim();
    if (!text) {
      continue;
    }
    const result = parseValues(field, text);
    if ('error' in result) {
      errors.push({ row: null, column: null, name: field.name, message: result.error });
    } else {
      columns.push({ name: field.name, values: result.values });
    }
  }
  const names = columns.map(column => column.name);
  if (errors.length) {
    return table(names, [], errors);
  }
  if (!columns.length) {
    return table([], [], [wrong('Give values for at least one parameter.')]);
  }
  const lengths = columns.map(column => column.values.length);
  if (combination === 'together' && new Set(lengths).size > 1) {
    const counts = columns.map((column, index) => `${column.name} has ${lengths[index]}`);
    const message = `Values that go together have to be equally many: ${counts.join(', ')}.`;
    return table(names, [], [wrong(message)]);
  }
  const count =
    combination === 'together' ? lengths[0] : lengths.reduce((product, n) => product * n, 1);
  if (count > MAX_ROWS) {
    return table(names, [], [tooMany(count)]);
  }
  const rows = Array.from({ length: count }, (_, number) => {
    let rest = number;
    const row: Record<string, ParameterValue> = {};
    for (const { name, values } of [...columns].reverse()) {
      row[name] = combination === 'together' ? values[number] : values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    return Object.fromEntries(names.map(name => [name, row[name]]));
  });
  return table(names, rows, []);
}

function table(
  names: readonly string[],
  rows: readonly SweepRow[],
  errors: readonly ITableError[]
): ITable {
  return rows.length > MAX_ROWS
    ? { names, rows: [], errors: [tooMany(rows.length)] }
    : { names, rows, errors };
}

function wrong(message: string): ITableError {
  return { row: null, column: null, name: null, message };
}

function tooMany(count: number): ITableError {
  return wrong(`These would be ${count} runs; a sweep takes ${MAX_ROWS} at most.`);
}

// Tables

interface ILine {
  readonly row: number;
  readonly cells: readonly string[];
}

function matchColumns(
  names: readonly string[],
  fields: readonly IField[],
  row: number
): { columns: (IField | null)[]; errors: ITableError[] } {
  const errors: ITableError[] = [];
  const settable = fields.filter(field => field.kind !== 'secret' && !field.fixedBecause);
  const columns = names.map((name, index) => {
    const column = index + 1;
    const field = settable.find(field => field.name === name) ?? null;
    const known = settable.map(field => field.name).join(', ');
    const is = fields.find(field => field.name === name);
    let message = '';
    if (!name) {
      message = 'This column has no name.';
    } else if (names.indexOf(name) < index) {
      message = `${name} is there twice.`;
    } else if (is?.kind === 'secret') {
      message = `${name} is a secret, which doesn\u2019t belong in a table.`;
    } else if (!field) {
      message = is?.fixedBecause || `The notebook has no parameter '${name}'. It has: ${known || 'none'}.`;
    }
    if (message) {
      errors.push({ row, column, name: name || null, message });
    }
    return message ? null : field;
  });
  return { columns, errors };
}

/** A row may end in empty cells, as spreadsheets leave them. */
function trimmedTo(cells: readonly string[], count: number): readonly string[] {
  let length = cells.length;
  while (length > count && !cells[length - 1].trim()) {
    length -= 1;
  }
  return cells.slice(0, length);
}

/** The separator of the header, outside of quotes; a table of one column has none. */
function separatorOf(text: string): string {
  const header = (text.split(/\r\n|\n|\r/).find(line => line.trim()) ?? '').replace(/"[^"]*"/g, '');
  return ['\t', ';', ','].find(separator => header.includes(separator)) ?? '\t';
}

function readCells(text: string): ILine[] {
  const source = text.replace(/^\uFEFF/, '');
  const separator = separatorOf(source);
  const lines: ILine[] = [];
  let cells: string[] = [];
  let cell = '';
  let row = 1;
  let startRow = 1;
  let isQuoted = false;
  const endCell = (): void => {
    cells.push(cell);
    cell = '';
  };
  const endLine = (): void => {
    endCell();
    if (cells.some(cell => cell.trim())) {
      lines.push({ row: startRow, cells });
    }
    cells = [];
  };
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at];
    if (isQuoted) {
      if (character === '"' && source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (character === '"') {
        isQuoted = false;
      } else {
        row += character === '\n' ? 1 : 0;
        cell += character;
      }
    } else if (character === '"' && !cell.trim()) {
      isQuoted = true;
      cell = '';
    } else if (character === separator) {
      endCell();
    } else if (character === '\n' || character === '\r') {
      at += character === '\r' && source[at + 1] === '\n' ? 1 : 0;
      endLine();
      row += 1;
      startRow = row;
    } else {
      cell += character;
    }
  }
  endLine();
  return lines;
}

// Values

type Values = { readonly values: ParameterValue[] } | { readonly error: string };

const RANGE = /^(\S+)\s+to\s+(\S+?)(?:\s+step\s+(\S+))?$/i;

function parseValues(field: IField, text: string): Values {
  const range = RANGE.exec(text);
  if (range && field.control !== 'text') {
    const numbers = expandRange(range[1], range[2], range[3] ?? '1');
    return typeof numbers === 'string' ? { error: numbers } : parseEach(field, numbers);
  }
  return parseEach(field, splitValues(text));
}

function parseEach(field: IField, texts: readonly string[]): Values {
  const values: ParameterValue[] = [];
  for (const text of texts) {
    const result = parseText(field, unquotedFor(field, text));
    if ('error' in result) {
      return { error: `'${text}' doesn\u2019t fit. ${result.error}` };
    }
    values.push(result.value);
  }
  return { values };
}

/** Text may be quoted where it has a comma in it. */
function unquotedFor(field: IField, text: string): string {
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  return field.control === 'text' && quoted ? quoted[2] : text;
}

/** The parts between commas that are neither in brackets nor in quotes. */
function splitValues(text: string): string[] {
  const parts = [''];
  let depth = 0;
  let quote = '';
  for (const character of text) {
    if (quote) {
      quote = character === quote ? '' : quote;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if ('[({'.includes(character)) {
      depth += 1;
    } else if ('])}'.includes(character)) {
      depth -= 1;
    } else if (character === ',' && depth === 0) {
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += character;
  }
  const trimmed = parts.map(part => part.trim());
  return trimmed.length > 1 && trimmed.at(-1) === '' ? trimmed.slice(0, -1) : trimmed;
}
