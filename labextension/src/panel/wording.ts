/** How steps, splits and reasons to wait are put into words, as in `naavre_ext/exporters/wording.py`. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { EdgeKind, ICause, ICellCheck, IEdge, ISplit, IStep, IWait } from '../api/types';

/** The text on one line. */
export function oneLine(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}

/** The user's title; without one `parameters`, or the first line of code. */
export function stepTitle(step: IStep, trans: TranslationBundle): { title: string; isCode: boolean } {
  const title = oneLine(step.title ?? '');
  if (title) {
    return { title, isCode: false };
  }
  if (step.kind === 'parameters') {
    return { title: trans.__('parameters'), isCode: false };
  }
  const lines = step.source.split('\n').map(oneLine);
  const code = lines.find(line => line && !line.startsWith('#'));
  return code ? { title: code, isCode: true } : { title: trans.__('(no code)'), isCode: false };
}

/** `cell 5`, or `cell 5 "process batches"` when the user gave it a title. */
export function placeText(cellNumber: number, title: string | null, trans: TranslationBundle): string {
  const known = oneLine(title ?? '');
  return known ? trans.__('cell %1 "%2"', cellNumber, known) : trans.__('cell %1', cellNumber);
}

/** `enumerate(genomes)`: what the batches are cut from. */
export function iterableText(split: ISplit): string {
  return oneLine(split.form === 'over' ? split.over.join(', ') || split.iterable : split.iterable);
}

/** `×5`, `×param_n`, or `×N` when the number is found while running. */
export function factorText(split: ISplit): string {
  return split.batches === 'auto' ? '×N' : `×${split.batches}`;
}

function batchesText(batches: number | string, trans: TranslationBundle): string {
  if (batches === 'auto') {
    return trans.__('batches sized while running');
  }
  return typeof batches === 'number'
    ? trans._n('at most %1 batch', 'at most %1 batches', batches)
    : trans.__('at most %1 batches', batches);
}

/** Which loop runs in batches, how many there are, and what each of them gets. */
export function splitText(split: ISplit, trans: TranslationBundle): string {
  const items = iterableText(split);
  const batches = batchesText(split.batches, trans);
  const what =
    split.form === 'over'
      ? trans.__('The whole cell over %1, %2', items, batches)
      : split.form === 'for'
        ? trans.__('The loop over %1 (line %2), %3', items, split.line, batches)
        : trans.__('The %1 comprehension over %2 (line %3), %4', split.form, items, split.line, batches);
  return split.shared.length ? `${what}; ${trans.__('each batch gets %1', split.shared.join(', '))}` : what;
}

/** What the merger joins, in which way. */
export function mergeText(split: ISplit, trans: TranslationBundle): string {
  if (split.form === 'over') {
    const joined = split.merges.map(m => (m.method === 'concat' ? m.name : `${m.name}=${m.method}`));
    return joined.length ? trans.__('Joins in order: %1', joined.join(', ')) : trans.__('Joins nothing');
  }
  if (split.form !== 'for') {
    return trans.__('Joins the items of the %1 in order', split.form);
  }
  return split.reductions.length
    ? trans.__('Merges in the order of the items: %1', split.reductions.join(', '))
    : trans.__('Puts what the batches print in the order of the items');
}

/** What an edge without variables is about. */
export function edgeLabel(kind: EdgeKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'data':
      return '';
    case 'alias':
      return trans.__('same object');
    case 'ambient':
      return trans.__('settings');
    case 'outside':
      return trans.__('outside world');
    case 'opaque':
      return trans.__('whole namespace');
    case 'unknown':
      return trans.__("code that can't be seen");
    case 'star-import':
      return trans.__("names that can't be seen");
    case 'monkeypatch':
      return trans.__('changed module');
    case 'history':
      return trans.__('output history');
  }
}

/** Why `target` waits for `source`: a sentence for each edge between them. */
export function whyLines(
  source: IStep,
  target: IStep,
  edges: readonly IEdge[],
  checks: readonly ICellCheck[],
  trans: TranslationBundle
): string[] {
  const check = checks.find(c => c.cell_id === target.cell_id && c.kind === target.kind);
  return edges.map(edge => {
    const wait = check?.waits.find(
      w =>
        w.cell.cell_id === source.cell_id && w.kind === edge.kind && w.names.join() === edge.names.join()
    );
    return whyLine(source, target, edge, wait ?? null, trans);
  });
}

function whyLine(
  source: IStep,
  target: IStep,
  edge: IEdge,
  wait: IWait | null,
  trans: TranslationBundle
): string {
  const from = placeText(source.cell_number, source.title, trans);
  const to = capital(placeText(target.cell_number, target.title, trans));
  const names = edge.names.join(', ');
  if (edge.kind === 'data') {
    return trans.__('%1 needs %2 from %3.', to, names, from);
  }
  if (edge.kind === 'alias') {
    return trans.__('%1 changes an object that %2 of %3 may stand for too.', to, names, from);
  }
  const cause = wait?.cause ? causeText(wait.cause, trans) : '';
  if (edge.kind === 'ambient') {
    const text = trans.__('%1 takes over the settings that %2 leaves.', to, from);
    return cause ? `${text} ${capital(from)} ${cause}.` : text;
  }
  if (!cause) {
    return trans.__('%1 waits for %2, whose effects come first (%3).', to, from, edgeLabel(edge.kind, trans));
  }
  return wait?.by_other
    ? trans.__('%1 waits for %2, which %3.', to, from, cause)
    : trans.__('%1 waits for %2, as it %3.', to, from, cause);
}

/** `reads files (pandas.read_csv, line 2)`: what a cell does, without its subject. */
function causeText(cause: ICause, trans: TranslationBundle): string {
  const text = cause.text.replace(/^it /, '');
  const line = cause.line === null ? '' : trans.__('line %1', cause.line);
  const where = [cause.what ?? '', line].filter(Boolean).join(', ');
  return where ? `${text} (${where})` : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
