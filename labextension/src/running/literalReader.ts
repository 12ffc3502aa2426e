// Reading Python literals from what is typed.

import { NumberLiteral, ParameterValue, TupleLiteral } from './literals';

/** What stands in the way of reading a text as a literal; `column` counts from 1. */
export class LiteralError extends Error {
  constructor(
    message: string,
    readonly column: number
  ) {
    super(message);
  }
}

/**
 * The value of a Python literal.
 *
 * @throws LiteralError where it isn't one, or one that JSON can't carry (sets, bytes, complex numbers,
 * keys that aren't text, tuples inside of something).
 */
export function parseLiteral(text: string): ParameterValue {
  const reader = new LiteralReader(text);
  const value = reader.readValue(true);
  reader.expectEnd();
  return value;
}

/** The number that `text` is; null when it is none. */
export function parseNumber(text: string): NumberLiteral | null {
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (word) {
    const isNan = word[2].toLowerCase() === 'nan';
    return new NumberLiteral(isNan ? 'NaN' : `${word[1] === '-' ? '-' : ''}Infinity`);
  }
  const based = /^([+-]?)(0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)$/.exec(text);
  if (based) {
    const value = BigInt(based[2].replace(/_/g, ''));
    return new NumberLiteral(String(based[1] === '-' ? -value : value));
  }
  const digits = String.raw`\d+(?:_\d+)*`;
  const form = new RegExp(
    `^([+-]?)(${digits})?(\\.(?:${digits})?)?([eE][+-]?${digits})?$`
  );
  const match = form.exec(text);
  if (!match || (match[2] === undefined && (match[3] ?? '.') === '.')) {
    return null;
  }
  const plain = (part: string | undefined): string => (part ?? '').replace(/_/g, '');
  const sign = match[1] === '-' ? '-' : '';
  const whole = plain(match[2]);
  if (match[3] === undefined && match[4] === undefined) {
    // Python refuses 007.
    return whole.length > 1 && /^0+[1-9]/.test(whole)
      ? null
      : new NumberLiteral(sign + whole.replace(/^0+(?=\d)/, ''));
  }
  const fraction = plain(match[3]).slice(1);
  const point = fraction === '' && match[4] !== undefined ? '' : `.${fraction || '0'}`;
  const number = (whole.replace(/^0+(?=\d)/, '') || '0') + point + plain(match[4]);
  return new NumberLiteral(sign + number);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '0': '\0',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': ''
};

class LiteralReader {
  private _at = 0;

  constructor(private readonly _text: string) {}

  readValue(isOutermost = false): ParameterValue {
    this._skipSpace();
    const character = this._text[this._at];
    if (character === '[') {
      this._at += 1;
      return this._readItems(']').items;
    }
    if (character === '(') {
      return this._readParentheses(isOutermost);
    }
    if (character === '{') {
      return this._readDict();
    }
    if (/^[rRuU]?['"]/.test(this._text.slice(this._at, this._at + 2))) {
      return this._readStrings();
    }
    return this._readWord();
  }

  expectEnd(): void {
    this._skipSpace();
    if (this._at < this._text.length) {
      throw this._error(`'${this._text.slice(this._at, this._at + 12)}' is too much`);
    }
  }

  private _readParentheses(isOutermost: boolean): ParameterValue {
    const start = this._at;
    this._at += 1;
    const { items, hasComma } = this._readItems(')');
    if (items.length === 1 && !hasComma) {
      return items[0];
    }
    if (!isOutermost) {
      this._at = start;
      throw this._error('a tuple inside of something can\u2019t be given here; use [...]');
    }
    return new TupleLiteral(items);
  }

  private _readItems(end: string): { items: ParameterValue[]; hasComma: boolean } {
    const items: ParameterValue[] = [];
    let hasComma = false;
    for (;;) {
      this._skipSpace();
      if (this._take(end)) {
        return { items, hasComma };
      }
      if (items.length && !hasComma) {
        throw this._error(`',' or '${end}' is expected`);
      }
      items.push(this.readValue());
      this._skipSpace();
      hasComma = this._take(',');
    }
  }

  private _readDict(): ParameterValue {
    this._at += 1;
    const pairs: [string, ParameterValue][] = [];
    for (let first = true; ; first = false) {
      this._skipSpace();
      if (this._take('}')) {
        return Object.fromEntries(pairs);
      }
      if (!first && this._text[this._at - 1] !== ',') {
        const back = this._text.slice(0, this._at).trimEnd();
        if (!back.endsWith(',')) {
          throw this._error("',' or '}' is expected");
        }
      }
      const start = this._at;
      const key = this.readValue();
      this._skipSpace();
      if (!this._take(':')) {
        throw this._error("':' is expected: a set can\u2019t be given here");
      }
      if (typeof key !== 'string') {
        this._at = start;
        throw this._error('only text can be a key here, such as "name"');
      }
      pairs.push([key, this.readValue()]);
      this._skipSpace();
      this._take(',');
    }
  }

  private _readStrings(): string {
    let text = '';
    while (/^[rRuU]?['"]/.test(this._text.slice(this._at, this._at + 2))) {
      text += this._readString();
      this._skipSpace();
    }
    return text;
  }

  private _readString(): string {
    const isRaw = /[rR]/.test(this._text[this._at]);
    if (/[a-zA-Z]/.test(this._text[this._at])) {
      this._at += 1;
    }
    const start = this._at;
    const single = this._text[this._at];
    const triple = this._text.startsWith(single.repeat(3), this._at);
    const quote = triple ? single.repeat(3) : single;
    this._at += quote.length;
    let text = '';
    while (!this._text.startsWith(quote, this._at)) {
      if (this._at >= this._text.length) {
        this._at = start;
        throw this._error('this text has no closing quote');
      }
      text += this._text[this._at] === '\\' ? this._readEscape(isRaw) : this._text[this._at++];
    }
    this._at += quote.length;
    return text;
  }

  private _readEscape(isRaw: boolean): string {
    const next = this._text[this._at + 1] ?? '';
    if (isRaw) {
      this._at += 2;
      return `\\${next}`;
    }
    const code = /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(
      this._text.slice(this._at)
    );
    if (code) {
      const point = parseInt(code[1] ?? code[2] ?? code[3], 16);
      if (point <= 0x10ffff) {
        this._at += code[0].length;
        return String.fromCodePoint(point);
      }
    }
    this._at += 2;
    return ESCAPES[next] ?? `\\${next}`;
  }

  private _readWord(): ParameterValue {
    const rest = this._text.slice(this._at);
    const inFloat = /^float\(\s*(['"])\s*([+-]?\w+)\s*\1\s*\)/.exec(rest);
    const word = inFloat ? inFloat[2] : (/^[^\s,:()[\]{}'"]+/.exec(rest)?.[0] ?? '');
    const words: Readonly<Record<string, ParameterValue>> = {
      None: null,
      True: true,
      False: false
    };
    const known = Object.hasOwn(words, word) ? words[word] : undefined;
    const value = known !== undefined ? known : parseNumber(word);
    if (value === null && word !== 'None') {
      throw this._error(
        word ? `'${word}' is no Python value (text needs quotes)` : 'a value is missing'
      );
    }
    this._at += inFloat ? inFloat[0].length : word.length;
    return value;
  }

  private _skipSpace(): void {
    while (/\s/.test(this._text[this._at] ?? '')) {
      this._at += 1;
    }
  }

  private _take(character: string): boolean {
    if (this._text[this._at] !== character) {
      return false;
    }
    this._at += 1;
    return true;
  }

  private _error(message: string): LiteralError {
    return new LiteralError(message, this._at + 1);
  }
}
