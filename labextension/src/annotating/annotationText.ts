/**
 * Where annotations stand in a cell's text, for editors: what is drawn, completed and explained while typing.
 *
 * What an annotation means, and whether its value is right, the server says; this only has to find it.
 */

/** Offsets are into the cell's text. `key` is in lower case. */
export interface IAnnotationSpot {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly valueFrom: number;
  /** Where it stands: in the cell's first comments, directly above a loop, or above a `def`. */
  readonly scope: 'cell' | 'loop' | 'function';
}

interface ILine {
  readonly from: number;
  readonly text: string;
}

export type CommentScope = IAnnotationSpot['scope'] | null;

export const DO_NOT_CONTAINERIZE = 'do-not-containerize';

const TEXT_MAGIC = /^\s*%%\s*(file|html|javascript|js|latex|markdown|mermaid|svg|writefile)\b/i;
const MAGIC = /^\s*%%/;
const COMMENT = /^\s*#/;
const KEYED = /^(\s*#[^\S\n]*)([A-Za-z][\w-]*)(\s*:\s*)/;
const TASK = /^(\s*#[^\S\n]*)(task)\s*$/i;
const LOOP = /^\s*(async\s+)?for\b/;
const FUNCTION = /^\s*(async\s+def|def|@)/;
const NOT_CONTAINERIZED = /[([{]?\s*(please\s+)?do(\s*n[o'’]t|[\s_-]+not)[\s_-]+containeri[sz]e(\s+this(\s+cell)?)?\s*[!.]*\s*[)\]}]?/i;

/** The annotations in this text, those of keys that are known. */
export function findAnnotations(text: string, keys: ReadonlySet<string>): IAnnotationSpot[] {
  const lines = linesOf(text);
  const scopes = commentScopes(lines);
  return lines.flatMap((line, index) => {
    const scope = scopes[index];
    const spot = scope && spotOf(line, scope);
    return spot && keys.has(spot.key) && isAllowed(spot.key, spot.scope) ? [spot] : [];
  });
}

/** Of the line at this offset: what a comment there could annotate; null where it is just a comment, or none. */
export function scopeAt(text: string, offset: number): CommentScope {
  const lines = linesOf(text);
  const index = lines.findIndex(line => offset <= line.from + line.text.length);
  return commentScopes(lines)[index] ?? null;
}

/** Whether a key may stand there: all cell keys in the first comments, those for a loop above one. */
export function isAllowed(key: string, scope: IAnnotationSpot['scope']): boolean {
  switch (scope) {
    case 'cell':
      return key !== 'task';
    case 'loop':
      return key === 'split' || key === 'batches';
    case 'function':
      return key === 'task';
  }
}

function linesOf(text: string): ILine[] {
  let from = 0;
  return text.split('\n').map(line => {
    const start = from;
    from += line.length + 1;
    return { from: start, text: line };
  });
}

function commentScopes(lines: readonly ILine[]): CommentScope[] {
  const scopes: CommentScope[] = lines.map(() => null);
  let at = 0;
  const skip = (pattern: RegExp): void => {
    while (at < lines.length && pattern.test(lines[at].text)) {
      at += 1;
    }
  };
  skip(/^\s*$/);
  while (at < lines.length && MAGIC.test(lines[at].text)) {
    if (TEXT_MAGIC.test(lines[at].text)) {
      return scopes;
    }
    at += 1;
  }
  skip(/^\s*$/);
  const head = at;
  while (at < lines.length) {
    const start = at;
    skip(COMMENT);
    const below = lines[at]?.text ?? '';
    const scope = LOOP.test(below) ? 'loop' : FUNCTION.test(below) ? 'function' : null;
    for (let line = start; line < at; line += 1) {
      const isTask = scope === 'function' && keyOf(lines[line].text) === 'task';
      scopes[line] = start === head && !isTask ? 'cell' : scope;
    }
    at = Math.max(at, start + 1);
  }
  return scopes;
}

function keyOf(line: string): string | null {
  const match = KEYED.exec(line) ?? TASK.exec(line);
  return match ? match[2].toLowerCase() : null;
}

function spotOf(line: ILine, scope: IAnnotationSpot['scope']): IAnnotationSpot | null {
  const to = line.from + line.text.trimEnd().length;
  const match = KEYED.exec(line.text) ?? TASK.exec(line.text);
  if (match) {
    const from = line.from + match[1].indexOf('#');
    const keyFrom = line.from + match[1].length;
    const keyTo = keyFrom + match[2].length;
    const valueFrom = Math.min(to, line.from + match[0].length);
    return { key: match[2].toLowerCase(), from, to, keyFrom, keyTo, valueFrom, scope };
  }
  const mark = NOT_CONTAINERIZED.exec(line.text);
  if (!mark) {
    return null;
  }
  const keyFrom = line.from + mark.index;
  const keyTo = keyFrom + mark[0].trimEnd().length;
  return { key: DO_NOT_CONTAINERIZE, from: keyFrom, to: keyTo, keyFrom, keyTo, valueFrom: keyTo, scope };
}
