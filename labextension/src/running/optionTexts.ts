// A run's options as texts: what the settings say, and what is typed in a form that is loaded later.

import type { IRunOptions } from '../api/types';

/** What is typed about a run's options. */
export interface IOptionTexts {
  readonly address: string;
  readonly maxParallelism: string;
  readonly useCache: boolean;
}

/** What is wrong with the number; empty when nothing is. */
export function parallelismError(text: string): string {
  const isNumber = /^\s*[1-9]\d{0,5}\s*$/.test(text);
  return text.trim() && !isNumber ? 'This takes a whole number from 1, or nothing.' : '';
}

/** The options that the texts mean. */
export function readOptions(texts: IOptionTexts): IRunOptions {
  const limit = texts.maxParallelism.trim();
  return {
    ...(texts.address.trim() ? { address: texts.address.trim() } : {}),
    ...(limit && !parallelismError(limit) ? { max_parallelism: Number(limit) } : {}),
    cache: texts.useCache
  };
}
