// Which Python types a parameter takes: the server's own rules (planning/parameter_values.py).

import { parseLiteral } from './literalReader';
import { ParameterValue, typeOf } from './literals';

/** What each written type takes. */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  int: ['int'],
  float: ['float', 'int'],
  complex: ['float', 'int'],
  str: ['str'],
  bool: ['bool'],
  none: ['NoneType'],
  nonetype: ['NoneType'],
  list: ['list', 'tuple'],
  tuple: ['list', 'tuple'],
  sequence: ['list', 'tuple', 'str'],
  iterable: ['list', 'tuple', 'str', 'dict'],
  collection: ['list', 'tuple', 'str', 'dict'],
  dict: ['dict'],
  mapping: ['dict']
};

/** The types that a field takes; null for any. The annotation decides, with the default's own type added. */
export function acceptedTypes(
  typeName: string,
  value: ParameterValue
): ReadonlySet<string> | null {
  const own = value === null ? [] : (ACCEPTED[typeOf(value)] ?? []);
  const written = annotatedTypes(typeName);
  if (written === null) {
    return null;
  }
  if (!written.length) {
    return own.length ? new Set(own) : null;
  }
  return new Set([...written, ...(value === null ? ['NoneType'] : own)]);
}

/** The types that an annotation names: null for any, none when it isn't understood. */
function annotatedTypes(annotation: string): string[] | null {
  const text = annotation.trim().replace(/^(['"])(.*)\1$/, '$2');
  const parts = splitOutside(text, '|');
  if (parts.length > 1) {
    return union(parts);
  }
  const subscript = /^([\w.]+)\s*\[(.*)\]$/s.exec(text);
  const base = (subscript?.[1] ?? text).split('.').at(-1)?.toLowerCase() ?? '';
  const inner = subscript ? splitOutside(subscript[2], ',') : [];
  if (['any', 'object', 'nonetype'].includes(base)) {
    return null;
  }
  if (subscript && base === 'optional') {
    const types = union(inner);
    return types?.length ? [...types, 'NoneType'] : types;
  }
  if (subscript && base === 'union') {
    return union(inner);
  }
  if (subscript && (base === 'final' || base === 'annotated')) {
    return annotatedTypes(inner[0] ?? '');
  }
  if (subscript && base === 'literal') {
    return inner.flatMap(item => literalType(item));
  }
  return [...(ACCEPTED[base] ?? [])];
}

function union(parts: readonly string[]): string[] | null {
  const types = parts.map(annotatedTypes);
  if (types.some(type => type === null)) {
    return null;
  }
  return types.some(type => !type?.length) ? [] : types.flatMap(type => type ?? []);
}

function literalType(text: string): string[] {
  try {
    return [typeOf(parseLiteral(text))];
  } catch {
    return [];
  }
}

function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += character === '[' ? 1 : character === ']' ? -1 : 0;
    if (character === separator && depth === 0) {
      parts.push('');
    } else {
      parts[parts.length - 1] += character;
    }
  }
  return parts.map(part => part.trim());
}
