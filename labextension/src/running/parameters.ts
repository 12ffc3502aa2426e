// A workflow's parameters as the fields of a form: what they show, accept, and make of what is typed.

import { LiteralError, parseLiteral, parseNumber } from './literalReader';
import { NumberLiteral, ParameterValue, TupleLiteral, toPython, typeOf } from './literals';
import { acceptedTypes } from './parameterTypes';

/** A parameter as the compiler found it (`parameters` of a workflow). */
export interface IParameter {
  readonly name: string;
  readonly kind: 'param' | 'conf' | 'secret';
  readonly default: unknown;
  readonly type_name: string;
  readonly cell_id: string;
  readonly line: number;
  readonly source?: string;
}

export type FieldControl = 'text' | 'number' | 'checkbox' | 'literal' | 'password' | 'any';

/** One field. `initial` is what it shows at first; a field that still shows it leaves the notebook's value in force. */
export interface IField {
  readonly name: string;
  readonly kind: IParameter['kind'];
  readonly control: FieldControl;
  /** The type as shown, in Python's words. */
  readonly type: string;
  /** The Python types that may be given; null for any. */
  readonly accepts: ReadonlySet<string> | null;
  readonly initial: string;
  /** The notebook computes the value (by `source`), so the field starts empty. */
  readonly isComputed: boolean;
  readonly source: string;
  /** Why the value can't be given in a form; empty when it can. */
  readonly fixedBecause: string;
  readonly cellId: string;
  readonly line: number;
}

export type FieldResult =
  | { readonly value: ParameterValue }
  | { readonly unchanged: true }
  | { readonly error: string };

/** What is typed, by name of the field. */
export type FieldTexts = Readonly<Record<string, string>>;

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number, such as 40',
  float: 'a number, such as 0.5',
  bool: 'True or False',
  str: 'text',
  NoneType: 'None',
  list: 'a list, such as [1, 2]',
  tuple: 'a tuple, such as (1, 2)',
  dict: 'a dict, such as {"a": 1}'
};

/** The form's fields, in the notebook's order. */
export function fieldsOf(parameters: readonly IParameter[]): IField[] {
  return parameters.map(parameter =>
    parameter.kind === 'secret' ? secretField(parameter) : valueField(parameter)
  );
}

/** What the text in a field means. */
export function parseField(field: IField, text: string): FieldResult {
  if (field.fixedBecause || text === field.initial || (field.isComputed && !text.trim())) {
    return { unchanged: true };
  }
  return parseText(field, text);
}

/** The value that the text is for this field, were it the notebook's own or not. */
export function parseText(
  field: IField,
  text: string
): Exclude<FieldResult, { unchanged: true }> {
  const { accepts } = field;
  const trimmed = text.trim();
  if (field.control === 'text') {
    return { value: accepts?.has('NoneType') && trimmed === 'None' ? null : text };
  }
  const number = parseNumber(trimmed);
  if (number && (accepts === null || accepts.has('float') || accepts.has('int'))) {
    return takeNumber(field, number);
  }
  try {
    const value = parseLiteral(trimmed);
    if (accepts === null || accepts.has(typeOf(value))) {
      return { value: asType(field, value) };
    }
    return { error: `This takes ${expected(field)}.` };
  } catch (error) {
    if (!(error instanceof LiteralError)) {
      throw error;
    }
    const looksLikeText = !/^[[({'"]/.test(trimmed) && trimmed !== '';
    if (looksLikeText && (accepts === null || accepts.has('str'))) {
      return { value: text };
    }
    const isScalar = field.control === 'number' || field.control === 'checkbox';
    return {
      error: isScalar
        ? `This takes ${expected(field)}.`
        : `This takes ${expected(field)}: column ${error.column}, ${error.message}.`
    };
  }
}

/** What is given to the run, and what is wrong, by name. Fields that are unchanged are in neither. */
export function readForm(
  fields: readonly IField[],
  texts: FieldTexts
): { values: Record<string, ParameterValue>; errors: Record<string, string> } {
  const values: Record<string, ParameterValue> = {};
  const errors: Record<string, string> = {};
  for (const field of fields.filter(field => field.kind !== 'secret')) {
    const result = parseField(field, texts[field.name] ?? field.initial);
    if ('error' in result) {
      errors[field.name] = result.error;
    } else if ('value' in result) {
      values[field.name] = result.value;
    }
  }
  return { values, errors };
}

/** The secrets that were typed; one left empty comes from the environment. */
export function readSecrets(
  fields: readonly IField[],
  texts: FieldTexts
): Record<string, string> {
  const given = fields.filter(field => field.kind === 'secret' && texts[field.name]);
  return Object.fromEntries(given.map(field => [field.name, texts[field.name]]));
}

function secretField(parameter: IParameter): IField {
  return {
    ...place(parameter),
    control: 'password',
    type: 'secret',
    accepts: new Set(['str']),
    initial: '',
    isComputed: false,
    source: '',
    fixedBecause: ''
  };
}

function valueField(parameter: IParameter): IField {
  const source = parameter.source ?? '';
  const value = defaultValue(parameter);
  const isUnsayable = value === undefined;
  const isComputed =
    parameter.default === null && source !== 'None' && parameter.source !== undefined;
  const accepts = acceptedTypes(parameter.type_name, isComputed || isUnsayable ? null : value);
  const control = controlFor(accepts);
  const shown = isUnsayable || isComputed ? '' : shownText(control, value, source);
  return {
    ...place(parameter),
    control,
    type: isComputed && parameter.type_name === 'NoneType' ? 'any' : parameter.type_name,
    accepts,
    initial: shown,
    isComputed,
    source,
    fixedBecause: isUnsayable
      ? 'Values of this kind can only be set in the notebook.'
      : ''
  };
}

function place(parameter: IParameter): Pick<IField, 'name' | 'kind' | 'cellId' | 'line'> {
  return {
    name: parameter.name,
    kind: parameter.kind,
    cellId: parameter.cell_id,
    line: parameter.line
  };
}

/** The notebook's value; undefined when it can't travel as JSON (sets, bytes ...). */
function defaultValue(parameter: IParameter): ParameterValue | undefined {
  if (parameter.source) {
    try {
      return parseLiteral(parameter.source);
    } catch {
      if (parameter.default === null) {
        return null; // computed
      }
      return undefined;
    }
  }
  return fromJson(parameter.default, parameter.type_name === 'float');
}

function fromJson(value: unknown, isFloat = false): ParameterValue {
  if (typeof value === 'number') {
    const number = parseNumber(String(value)) ?? new NumberLiteral('0');
    return isFloat ? number.toFloat() : number;
  }
  if (Array.isArray(value)) {
    return value.map(item => fromJson(item));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fromJson(v)]));
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function shownText(control: FieldControl, value: ParameterValue, source: string): string {
  if (control === 'text' && typeof value === 'string') {
    return value;
  }
  return source && typeof value !== 'string' ? source : toPython(value);
}

function controlFor(accepts: ReadonlySet<string> | null): FieldControl {
  if (accepts === null) {
    return 'any';
  }
  const types = [...accepts].filter(type => type !== 'NoneType');
  if (accepts.size === 1 && types[0] === 'bool') {
    return 'checkbox';
  }
  if (types.length === 1 && types[0] === 'str') {
    return 'text';
  }
  return types.length && types.every(type => type === 'int' || type === 'float')
    ? 'number'
    : 'literal';
}

/** A whole number typed for a float is meant as one. */
function takeNumber(
  field: IField,
  number: NumberLiteral
): Exclude<FieldResult, { unchanged: true }> {
  if (field.accepts !== null && !field.accepts.has(number.isInt ? 'int' : 'float')) {
    return { error: `This takes ${expected(field)}.` };
  }
  return { value: asType(field, number) };
}

function asType(field: IField, value: ParameterValue): ParameterValue {
  if (value instanceof NumberLiteral && /^['"]?float\b/.test(field.type)) {
    return value.toFloat();
  }
  if (Array.isArray(value) && /^['"]?(tuple|Tuple|typing\.Tuple)\b/.test(field.type)) {
    return new TupleLiteral(value as readonly ParameterValue[]);
  }
  return value;
}

function expected(field: IField): string {
  const types = [...(field.accepts ?? [])];
  const told = types.filter(
    type =>
      !(type === 'int' && types.includes('float')) &&
      !(type === 'tuple' && !/tuple/i.test(field.type)) &&
      !(type === 'list' && /tuple/i.test(field.type))
  );
  return told.map(type => EXPECTED[type] ?? type).join(' or ') || 'a Python value';
}
