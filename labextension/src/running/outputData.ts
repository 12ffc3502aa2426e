// Fields of outputs as the notebook format wants them.

import type { IMimeBundle, IOutput, MultilineString } from '@jupyterlab/nbformat';

const JSON_MIME = /^application\/(.*\+)?json$/;

/** The output of an error, from a message or an event. */
export function errorOutput(message: object): IOutput {
  const { ename, evalue, traceback } = objectOf(message);
  const lines = Array.isArray(traceback) ? traceback.map(String) : [];
  return {
    output_type: 'error',
    ename: String(ename ?? ''),
    evalue: String(evalue ?? ''),
    traceback: lines
  };
}

/** Text that may come in parts. */
export function textOf(text: unknown): string {
  return Array.isArray(text) ? (text as MultilineString & string[]).join('') : String(text ?? '');
}

/** The value, or an empty object where it is none. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The data with text for each type that isn't JSON, as the notebook format wants it. */
export function validData(data: unknown): IMimeBundle {
  const valid = Object.entries(objectOf(data)).map(([mime, content]) => {
    const isValid = typeof content === 'string' || JSON_MIME.test(mime);
    return [mime, isValid ? content : textOfData(content)];
  });
  return Object.fromEntries(valid) as IMimeBundle;
}

function textOfData(content: unknown): string {
  const isLines = Array.isArray(content) && content.every(part => typeof part === 'string');
  return isLines ? content.join('') : JSON.stringify(content);
}

/** Outputs that share nothing with these. */
export function structuredCopy(outputs: readonly IOutput[]): IOutput[] {
  return JSON.parse(JSON.stringify(outputs)) as IOutput[];
}
