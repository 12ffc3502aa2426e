/** What a cell's badge says. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICellCheck, IDiagnostic, ILoopCheck } from '../../api/types';
import { batchProgress, type IStepState } from '../../model/foldRun';
import { DO_NOT_CONTAINERIZE } from '../annotationText';
import { causePhrase, loopName, seconds, splitPhrase, wholePhrase } from '../cellPhrases';

export type BadgeKind = 'plain' | 'split' | 'whole' | 'out' | 'parameters' | 'error';

/** `run` is the state in the run that is shown; `isPlain` ones say nothing that a reader has to know. */
export interface IBadge {
  readonly kind: BadgeKind;
  readonly text: string;
  readonly hint: string;
  readonly run: { readonly state: IStepState['state']; readonly text: string; readonly hint: string } | null;
}

interface ICellFacts {
  readonly check: ICellCheck | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly diagnostics: readonly IDiagnostic[];
  readonly step: IStepState | null;
}

/** The badge of a cell; null for one that there is nothing to say about. */
export function badgeOf(facts: ICellFacts, trans: TranslationBundle): IBadge | null {
  const run = facts.step && runBadge(facts.step, trans);
  const [kind, text, hint] = plan(facts, trans);
  return text || run ? { kind, text, hint, run } : null;
}

function plan(facts: ICellFacts, trans: TranslationBundle): [BadgeKind, string, string] {
  const { check, annotations, diagnostics } = facts;
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error');
  if (errors.length) {
    const hint = errors.map(error => `${error.message} ${error.remedy}`).join('\n');
    return ['error', trans._n('%1 error', '%1 errors', errors.length), hint];
  }
  if (annotations[DO_NOT_CONTAINERIZE] !== undefined) {
    return [
      'out',
      trans.__('notebook only'),
      trans.__('A workflow takes the parameters of this cell and doesn’t run it.')
    ];
  }
  if (!check) {
    return ['plain', '', ''];
  }
  const split = check.loops.filter(loop => loop.split);
  if (split.length) {
    return ['split', split.map(loop => splitText(loop, trans)).join(', '), split.map(hintOf).join('\n')];
  }
  if (check.kind === 'parameters') {
    return ['parameters', trans.__('parameters'), trans.__('A run may set them.')];
  }
  const whole = check.loops.filter(loop => loop.reason);
  if (annotations.split !== undefined && whole.length) {
    const why = whole.map(loop => `${loopName(loop, trans)}: ${wholePhrase(loop, trans)}. ${loop.remedy ?? ''}`);
    return ['whole', trans.__('runs whole'), why.join('\n')];
  }
  const reasons = check.reasons.map(reason => causePhrase(reason, trans)).join('; ');
  return check.placement === 'any'
    ? ['plain', trans.__('in parallel'), trans.__('In any worker, beside other cells. %1', reasons)]
    : ['plain', trans.__('in order'), trans.__('In the main worker: %1', reasons)];

  function hintOf(loop: ILoopCheck): string {
    return `${loopName(loop, trans)}: ${splitPhrase(loop, trans)}`;
  }
}

function splitText(loop: ILoopCheck, trans: TranslationBundle): string {
  const batches = loop.batches ?? 'auto';
  return batches === 'auto' ? trans.__('split') : trans.__('split ×%1', batches);
}

function runBadge(step: IStepState, trans: TranslationBundle): NonNullable<IBadge['run']> {
  const progress = batchProgress(step);
  const of = progress ? trans.__('%1 of %2', progress.done, progress.total) : '';
  const notes = step.notes.join('\n');
  switch (step.state) {
    case 'queued':
      return { state: 'queued', text: trans.__('queued'), hint: notes };
    case 'running':
      return { state: 'running', text: of || trans.__('running'), hint: notes };
    case 'done':
      return { state: 'done', text: seconds(step.durationS), hint: [of, notes].filter(Boolean).join('\n') };
    case 'reused':
      return { state: 'reused', text: trans.__('reused'), hint: trans.__('Taken over from an earlier run.') };
    case 'failed':
      return {
        state: 'failed',
        text: step.failure?.ename ?? trans.__('failed'),
        hint: step.failure ? `${step.failure.ename}: ${step.failure.evalue}` : ''
      };
    case 'notrun':
      return { state: 'notrun', text: trans.__('not run'), hint: step.reason };
  }
}
