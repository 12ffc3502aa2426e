// What the bar at the top of a notebook shows while a run goes on, when it is over, and when there is none.

import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { IDiagnostic, IRunEnd } from '../api/types';
import { countedSteps, type IRunState, type IStepState } from '../model/foldRun';
import type { RunModel } from '../model/runModel';
import { duration, secondsLeft } from './estimate';
import { Action, CellLink, Dismiss, Spinner } from './runBarPieces';
import type { RunController } from './runController';

/** What the bar's buttons do. */
export interface IRunActions {
  runAgain(): void;
  resume(): void;
  loadResults(): void;
  openExecuted(): void;
}

interface IPartProps {
  readonly controller: RunController;
  readonly state: IRunState;
  readonly trans: TranslationBundle;
}

export function Progress({ controller, state, trans }: IPartProps): ReactElement {
  const now = Date.now() / 1000;
  const steps = countedSteps(state);
  const done = steps.filter(step => step.state !== 'queued' && step.state !== 'running');
  const running = steps.filter(step => step.state === 'running');
  const elapsed = Math.max(0, now - (state.startedAt || controller.run?.summary.started_at || now));
  const left = secondsLeft(state, now, timings(controller));
  const total = steps.length;
  const share = total ? (done.length + running.reduce((sum, step) => sum + shareOf(step), 0)) / total : 0;
  const isStopping = controller.phase === 'stopping';
  return (
    <>
      <div className="naavre-RunBar-line">
        <Spinner />
        <span className="naavre-RunBar-title">
          {isStopping
            ? trans.__('Stopping\u2026')
            : trans.__('Running: %1 of %2 steps', done.length, total)}
        </span>
        <span className="naavre-RunBar-now">{running.map(step => progressOf(step, trans)).join(' \u00b7 ')}</span>
        <span className="naavre-RunBar-times">
          {duration(elapsed)}
          {left !== null && left >= 0.5 && ` \u00b7 ${trans.__('about %1 left', duration(left))}`}
        </span>
        <Action
          icon={stopIcon}
          label={trans.__('Stop')}
          title={trans.__('Stop the run; what is done is kept')}
          isDisabled={isStopping}
          onClick={() => void controller.stop()}
        />
      </div>
      <div
        className="naavre-RunBar-progress"
        role="progressbar"
        aria-label={trans.__('Progress of the run')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * share)}
      >
        <div style={{ transform: `scaleX(${share})` }} />
      </div>
      {controller.run?.connection === 'lost' && (
        <div className="naavre-RunBar-note" role="alert">
          {trans.__('The connection is lost. The run goes on; trying to reach it again.')}
        </div>
      )}
    </>
  );
}

interface IEndedProps extends IPartProps {
  readonly actions: IRunActions;
}

export function Ended({ controller, actions, state, trans }: IEndedProps): ReactElement {
  const status = controller.run?.end?.status ?? 'killed';
  const failed = state.steps.find(step => step.state === 'failed');
  return (
    <>
      <div className="naavre-RunBar-line naavre-mod-closable">
        <span className="naavre-RunBar-title">{titleOf(status, trans)}</span>
        <span className="naavre-RunBar-times">{summaryOf(state, trans)}</span>
        <span className="naavre-RunBar-now" />
        {status === 'ok' ? (
          <Action label={trans.__('Load results\u2026')} title={trans.__('Bring variables of this run into the kernel')} onClick={() => actions.loadResults()} />
        ) : (
          <Action label={trans.__('Resume')} title={trans.__('Run again, without what this run has done already')} onClick={() => actions.resume()} />
        )}
        <Action label={trans.__('Open executed notebook')} onClick={() => actions.openExecuted()} />
        <Action icon={refreshIcon} label={trans.__('Run again')} onClick={() => actions.runAgain()} />
        <Dismiss controller={controller} trans={trans} />
      </div>
      {failed && <Failure step={failed} controller={controller} trans={trans} />}
      {status === 'killed' && (
        <div className="naavre-RunBar-note">
          {trans.__('The process of the run is gone: it was killed, or the server ended. What was done is kept.')}
        </div>
      )}
      {state.messages.length > 0 && (
        <details className="naavre-RunBar-messages">
          <summary>{trans._n('%1 remark', '%1 remarks', state.messages.length)}</summary>
          <ul>
            {state.messages.map((message, index) => (
              <li key={index}>{message.text}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function titleOf(status: IRunEnd['status'], trans: TranslationBundle): string {
  return {
    ok: trans.__('Run done'),
    failed: trans.__('Run failed'),
    cancelled: trans.__('Run stopped'),
    killed: trans.__('Run broke off')
  }[status];
}

/** `Run failed: measure: ValueError: c`. */
export function endWords(run: RunModel, trans: TranslationBundle): string {
  const step = run.state.steps.find(({ failure }) => failure !== null);
  const title = titleOf(run.end?.status ?? 'killed', trans);
  return step?.failure ? `${title}: ${nameOf(step, trans)}: ${step.failure.ename}: ${step.failure.evalue}` : title;
}

interface IFailureProps {
  readonly step: IStepState;
  readonly controller: RunController;
  readonly trans: TranslationBundle;
}

function Failure({ step, controller, trans }: IFailureProps): ReactElement | null {
  const { failure } = step;
  if (!failure) {
    return null;
  }
  const place = [
    nameOf(step, trans),
    ...(failure.batch === null ? [] : [trans.__('batch %1', failure.batch + 1)]),
    ...(failure.item === null ? [] : [trans.__('item %1', failure.item + 1)])
  ].join(', ');
  return (
    <div className="naavre-RunBar-failure">
      <div className="naavre-RunBar-line">
        <CellLink controller={controller} cellId={step.cellId} label={place} trans={trans} />
        {failure.item_repr !== null && <code className="naavre-RunBar-item">{failure.item_repr}</code>}
        <span className="naavre-RunBar-error">
          {failure.ename}: {failure.evalue}
        </span>
      </div>
      {failure.traceback.length > 0 && (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre>{plain(failure.traceback.join('\n'))}</pre>
        </details>
      )}
    </div>
  );
}

export function Problem({ controller, trans }: Omit<IPartProps, 'state'>): ReactElement | null {
  const { problem } = controller;
  if (!problem) {
    return null;
  }
  return (
    <div role="alert">
      <div className="naavre-RunBar-line naavre-mod-closable">
        <span className="naavre-RunBar-title naavre-mod-long">
          {problem.diagnostics.length
            ? trans.__('This notebook can\u2019t be run as a workflow. Nothing was run.')
            : trans.__('The run couldn\u2019t be started.')}
        </span>
        <span className="naavre-RunBar-now" />
        <Dismiss controller={controller} trans={trans} />
      </div>
      {problem.message && <div className="naavre-RunBar-note">{problem.message}</div>}
      <ul className="naavre-RunBar-diagnostics">
        {problem.diagnostics.map((diagnostic, index) => (
          <li key={index}>
            {diagnostic.cell_id && (
              <CellLink
                controller={controller}
                cellId={diagnostic.cell_id}
                label={placeOf(diagnostic, trans)}
                trans={trans}
              />
            )}
            <span>
              {diagnostic.message} {diagnostic.remedy} <code>{diagnostic.code}</code>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the cells took in their last runs. */
function timings(controller: RunController): Map<string, number> {
  const checks = controller.workflow.compilation.lastGood.cells;
  const timed = checks.flatMap(check => (check.timing ? [[check.cell_id, check.timing.duration_s] as const] : []));
  return new Map(timed);
}

function shareOf(step: IStepState): number {
  const items = step.splits.reduce((sum, split) => sum + split.items, 0);
  const done = step.splits.reduce((sum, split) => sum + split.doneItems, 0);
  return items ? Math.min(1, done / items) : 0;
}

/** `measure, 30 of 80 items`: batches that are sized while running aren't counted before. */
function progressOf(step: IStepState, trans: TranslationBundle): string {
  const items = step.splits.reduce((sum, split) => sum + split.items, 0);
  const done = step.splits.reduce((sum, split) => sum + split.doneItems, 0);
  const name = nameOf(step, trans);
  return items ? trans.__('%1, %2 of %3 items', name, done, items) : name;
}

function nameOf(step: IStepState, trans: TranslationBundle): string {
  return step.title ?? trans.__('cell %1', step.cellNumber);
}

function placeOf(diagnostic: IDiagnostic, trans: TranslationBundle): string {
  const cell = trans.__('Cell %1', diagnostic.cell_number ?? '?');
  return diagnostic.line === null ? cell : `${cell}, ${trans.__('line %1', diagnostic.line)}`;
}

/** `12 steps in 3.4 s, 5 of them taken over, 31 batches`. */
function summaryOf(state: IRunState, trans: TranslationBundle): string {
  const steps = countedSteps(state);
  const done = steps.filter(step => step.state === 'done' || step.state === 'reused');
  const reused = done.filter(step => step.state === 'reused').length;
  const batches = state.steps.flatMap(step => step.splits).reduce((sum, split) => sum + split.done, 0);
  return [
    trans.__('%1 of %2 steps in %3', done.length, steps.length, duration(state.durationS)),
    ...(reused ? [trans.__('%1 taken over', reused)] : []),
    ...(batches ? [trans._n('%1 batch', '%1 batches', batches)] : [])
  ].join(' \u00b7 ');
}

/** Without the colours of a terminal. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[\d;]*m/g, '');
}
