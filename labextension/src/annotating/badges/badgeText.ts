/** What a cell's badge says. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICellCheck, IDiagnostic, ILoopCheck } from '../../api/types';
import { batchProgress, type IStepState } from '../../model/foldRun';
import { DO_NOT_CONTAINERIZE } from '../annotationText';
import { causePhrase, loopName, seconds, splitPhrase, wholePhrase } from '../cellPhrases';

export type BadgeKind = 'plain' | 'split' | 'whole' | 'out' | 'parameters' | 'error';

/** `run` is the state in the run that is shown; `isOld` ones tell what was understood before the present errors. */
export interface IBadge {
  readonly kind: BadgeKind;
  readonly isOld: boolean;
  readonly text: string;
  readonly hint: string;
  readonly run: IRunBadge | null;
}

interface IRunBadge {
  readonly state: IStepState['state'];
  readonly text: string;
  readonly hint: string;
  /** Whether the cell had another text in the run. */
  readonly isEdited: boolean;
}

interface ICellFacts {
  readonly check: ICellCheck | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly diagnostics: readonly IDiagnostic[];
  readonly step: IStepState | null;
  /** Whether the notebook has errors now, which it hadn't when `check` was made. */
  readonly isOld: boolean;
  /** Whether the cell was edited since the run that is shown was over. */
  readonly isEdited: boolean;
}

/** The badge of a cell; null for one that there is nothing to say about. */
export function badgeOf(facts: ICellFacts, trans: TranslationBundle): IBadge | null {
  const run = facts.step && runOf(facts.step, facts.isEdited, trans);
  const [kind, text, hint] = plan(facts, trans);
  const isOld = facts.isOld && kind !== 'error' && kind !== 'out';
  const since = isOld ? `\n\n${trans.__('As it was before the notebook had errors.')}` : '';
  return text || run ? { kind, isOld, text, hint: hint + since, run } : null;
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

function runOf(step: IStepState, isEdited: boolean, trans: TranslationBundle): IRunBadge {
  const { state, text, hint } = stateOf(step, trans);
  const since = isEdited ? [trans.__('The cell was edited since.')] : [];
  return { state, text, isEdited, hint: [hint, ...since].filter(Boolean).join('\n') };
}

function stateOf(step: IStepState, trans: TranslationBundle): Omit<IRunBadge, 'isEdited'> {
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
