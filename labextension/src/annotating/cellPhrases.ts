/** What the compiler found out about a cell, in words: as `naavre-ext check` says it, for a form. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICause, ICellCheck, ICellRef, ILoopCheck, ISuggestion, IWait } from '../api/types';

/** One finding under its heading; `cells` are those that it speaks of. */
export interface IFinding {
  readonly heading: string;
  readonly text: string;
  readonly cells: readonly ICellRef[];
}

/** What the cell needs, makes and waits for, and where it runs; its loops are told apart. */
export function findingsOf(check: ICellCheck, trans: TranslationBundle): IFinding[] {
  const one = (heading: string, text: string, cells: readonly ICellRef[] = []): IFinding[] =>
    text ? [{ heading, text, cells }] : [];
  return [
    ...readPhrases(check, trans),
    ...one(trans.__('Writes'), check.writes.join(', ')),
    ...changePhrases(check).flatMap(text => one(trans.__('Changes'), text)),
    ...one(trans.__('Deletes'), check.deletes.join(', ')),
    ...waitPhrases(check, trans),
    ...one(trans.__('Runs'), runPhrase(check, trans), check.beside),
    ...check.limits.flatMap(text => one(trans.__('Limit'), text)),
    ...one(trans.__('Took'), tookPhrase(check, trans))
  ];
}

/** `loop over paths`; `list comprehension over range(n)`. */
export function loopName(loop: ILoopCheck, trans: TranslationBundle): string {
  switch (loop.form) {
    case 'over':
      return trans.__('Whole cell over %1', loop.iterable);
    case 'for':
      return trans.__('Loop over %1', loop.iterable);
    default:
      return trans.__('%1 comprehension over %2', capital(loop.form), loop.iterable);
  }
}

/** `4 batches at most; each batch gets f; merged in order: out`. */
export function splitPhrase(loop: ILoopCheck, trans: TranslationBundle): string {
  const batches = loop.batches ?? 'auto';
  const parts = [
    batches === 'auto' ? trans.__('batches sized while running') : trans.__('at most %1 batches', batches)
  ];
  if (loop.shared.length) {
    parts.push(trans.__('each batch gets %1', loop.shared.join(', ')));
  }
  if (loop.reductions.length) {
    parts.push(trans.__('merged in order: %1', loop.reductions.join(', ')));
  }
  if (loop.merges.length) {
    parts.push(trans.__('joined: %1', loop.merges.join(', ')));
  }
  if (loop.flow) {
    parts.push(loop.flow);
  }
  return parts.join('; ');
}

/** Why the loop runs whole: `it ends early (line 5)`. */
export function wholePhrase(loop: ILoopCheck, trans: TranslationBundle): string {
  const isElsewhere = loop.reason_line !== null && loop.reason_line !== loop.line;
  const line = isElsewhere ? ` (${trans.__('line %1', loop.reason_line)})` : '';
  return (loop.reason ?? '') + line;
}

/** What the change would gain, as far as an earlier run tells. */
export function gainPhrase(suggestion: ISuggestion, trans: TranslationBundle): string {
  if (suggestion.took_s === null) {
    return '';
  }
  const took = seconds(suggestion.took_s);
  return suggestion.estimate_s === null
    ? trans.__('It took %1 in the last run.', took)
    : trans.__(
        'It took %1 in the last run; with %3 workers about %2 (an estimate).',
        took,
        seconds(suggestion.estimate_s),
        suggestion.workers ?? 1
      );
}

/** `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`. */
export function seconds(value: number): string {
  if (value < 59.95) {
    return `${value.toFixed(1)} s`;
  }
  const total = Math.round(value);
  const minutes = Math.floor(total / 60);
  return minutes < 60
    ? `${minutes} min ${pad(total % 60)} s`
    : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

export function causePhrase(cause: ICause, trans: TranslationBundle): string {
  if (!cause.what) {
    return cause.text;
  }
  const line = cause.line ? `, ${trans.__('line %1', cause.line)}` : '';
  return `${cause.text} (${cause.what}${line})`;
}

function readPhrases(check: ICellCheck, trans: TranslationBundle): IFinding[] {
  const byCell = new Map<string, { cell: ICellRef; names: string[] }>();
  for (const read of check.reads) {
    const entry = byCell.get(read.cell.cell_id) ?? { cell: read.cell, names: [] };
    entry.names.push(read.name);
    byCell.set(read.cell.cell_id, entry);
  }
  return [...byCell.values()]
    .sort((a, b) => b.cell.cell_number - a.cell.cell_number)
    .map(({ cell, names }) => ({ heading: trans.__('Reads'), text: names.join(', '), cells: [cell] }));
}

function changePhrases(check: ICellCheck): string[] {
  const groups = new Map<string, string[]>();
  for (const change of check.changes) {
    const through = change.through ? `, through ${change.through}` : '';
    const line = change.line ? ` (line ${change.line})` : '';
    const how = `in place${through}: ${change.how}${line}`;
    groups.set(how, [...(groups.get(how) ?? []), change.name]);
  }
  return [...groups].map(([how, names]) => `${names.join(', ')} ${how}`);
}

/** What it waits for beside the names that it reads, which are told already. */
function waitPhrases(check: ICellCheck, trans: TranslationBundle): IFinding[] {
  const read = new Set(check.reads.map(one => one.name));
  const groups = new Map<string, ICellRef[]>();
  for (const wait of check.waits) {
    const reason = waitReason(wait, read, trans);
    if (reason) {
      groups.set(reason, [...(groups.get(reason) ?? []), wait.cell]);
    }
  }
  return [...groups].map(([text, cells]) => ({ heading: trans.__('Waits'), text, cells }));
}

function waitReason(wait: IWait, read: ReadonlySet<string>, trans: TranslationBundle): string {
  const names = wait.names.filter(name => !read.has(name)).join(', ');
  switch (wait.kind) {
    case 'data':
      return names && trans.__('it may need %1', names);
    case 'alias':
      return names && trans.__('it changes an object that %1 is, too', names);
    case 'main-order':
      return trans.__('the main worker runs one cell at a time');
    case 'held':
      return trans.__('that may still fail, and this cell changes things outside');
    case 'ambient':
      return trans.__('it takes over the settings') + (wait.cause?.what ? ` (${wait.cause.what})` : '');
    default:
      return wait.cause
        ? (wait.by_other ? trans.__('there: ') : '') + causePhrase(wait.cause, trans)
        : trans.__('its effects must come first');
  }
}

function runPhrase(check: ICellCheck, trans: TranslationBundle): string {
  const places = [
    check.group
      ? trans.__('in the worker of group %1', check.group)
      : check.placement === 'any'
        ? trans.__('in any worker')
        : trans.__('in the main worker')
  ];
  if (check.barrier) {
    places.push(trans.__('after everything before it'));
  }
  if (check.beside.length) {
    places.push(trans.__('others may run at the same time'));
  }
  const reasons = check.reasons.map(cause => causePhrase(cause, trans)).join('; ');
  return reasons ? `${places.join(', ')}: ${reasons}` : places.join(', ');
}

function tookPhrase(check: ICellCheck, trans: TranslationBundle): string {
  const { timing } = check;
  return timing && timing.duration_s >= 0.1 ? trans.__('%1 in the last run', seconds(timing.duration_s)) : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
