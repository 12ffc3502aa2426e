// Python values as they are typed, and written as the JSON that Python reads back exactly.

/**
 * A number as JSON text. JavaScript's own numbers would turn 2.0 into 2, which is an int for Python,
 * and lose digits of large ints.
 */
export class NumberLiteral {
  constructor(readonly text: string) {}

  get isInt(): boolean {
    return /^-?\d+$/.test(this.text);
  }

  /** The same number as a float. */
  toFloat(): NumberLiteral {
    return this.isInt ? new NumberLiteral(`${this.text}.0`) : this;
  }
}

/** A tuple, which travels as a list: the server makes it a tuple again where the default is one. */
export class TupleLiteral {
  constructor(readonly items: readonly ParameterValue[]) {}
}

export type ParameterValue =
  | null
  | boolean
  | string
  | NumberLiteral
  | TupleLiteral
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue };

/** The name of the Python type of `value`. */
export function typeOf(value: ParameterValue): string {
  if (value === null) {
    return 'NoneType';
  }
  if (typeof value === 'boolean') {
    return 'bool';
  }
  if (typeof value === 'string') {
    return 'str';
  }
  if (value instanceof NumberLiteral) {
    return value.isInt ? 'int' : 'float';
  }
  if (value instanceof TupleLiteral) {
    return 'tuple';
  }
  return Array.isArray(value) ? 'list' : 'dict';
}

/** `value` as JSON text, with numbers as they are written. Anything else that JSON has may be in it. */
export function toJsonText(value: unknown): string {
  if (value instanceof NumberLiteral) {
    return value.text;
  }
  if (value instanceof TupleLiteral) {
    return toJsonText(value.items);
  }
  if (Array.isArray(value)) {
    return `[${value.map(item => toJsonText(item ?? null)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => `${JSON.stringify(key)}:${toJsonText(item)}`);
    return `{${pairs.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** `value` as Python writes it. */
export function toPython(value: ParameterValue): string {
  if (value === null) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'string') {
    return quoted(value);
  }
  if (value instanceof NumberLiteral) {
    return value.text.replace('Infinity', 'inf').replace('NaN', 'nan');
  }
  if (value instanceof TupleLiteral) {
    const items = value.items.map(toPython).join(', ');
    return value.items.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (isList(value)) {
    return `[${value.map(toPython).join(', ')}]`;
  }
  const pairs = Object.entries(value).map(
    ([key, item]) => `${quoted(key)}: ${toPython(item)}`
  );
  return `{${pairs.join(', ')}}`;
}

function isList(value: ParameterValue): value is readonly ParameterValue[] {
  return Array.isArray(value);
}

function quoted(text: string): string {
  const json = JSON.stringify(text).slice(1, -1);
  return text.includes("'") ? `"${json}"` : `'${json.replace(/\\"/g, '"')}'`;
}
