/** The list of runs in the left sidebar. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, refreshIcon, stopIcon, UseSignal, type LabIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { IRunSummary } from '../api/types';
import { StateMark } from '../panel/runShapes';
import { durationText } from '../panel/runWording';
import { sweepIcon, workflowIcon } from '../icons';
import type { IRunActions } from './runActions';
import { agoText, entriesOf, parametersText, rowsToShow, runMark, runStateText, speedText, type RunEntry } from './runList';
import type { RunsModel } from './runsModel';

interface IListProps {
  model: RunsModel;
  actions: IRunActions;
  trans: TranslationBundle;
}

export class RunsSidebar extends ReactWidget {
  constructor(private readonly props: IListProps) {
    super();
    this.addClass('naavre-Runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', props.trans.__('Runs of the workflow'));
  }

  protected override render(): ReactElement {
    return <UseSignal signal={this.props.model.changed}>{() => <RunsList {...this.props} />}</UseSignal>;
  }

  protected override onAfterShow(): void {
    this.props.model.refresh();
  }
}

function RunsList({ model, actions, trans }: IListProps): ReactElement {
  const name = model.path.split('/').pop() ?? '';
  const entries = entriesOf(model.runs);
  return (
    <>
      <header className="naavre-Runs-head">
        <h2>{model.ofAll ? trans.__('Runs of all notebooks') : name ? trans.__('Runs of %1', name) : trans.__('Runs')}</h2>
        <label>
          <input type="checkbox" checked={model.ofAll} onChange={event => (model.ofAll = event.target.checked)} />
          {trans.__('all')}
        </label>
        <IconButton icon={refreshIcon} label={trans.__('Look again')} onClick={() => model.refresh()} />
      </header>
      {model.problem && (
        <p className="naavre-Runs-problem" role="alert">
          {model.problem}
        </p>
      )}
      {entries.length ? (
        <ul className="naavre-Runs-list">
          {entries.map(entry =>
            entry.kind === 'run' ? (
              <RunItem key={entry.run.id} run={entry.run} showPath={model.ofAll} actions={actions} trans={trans} />
            ) : (
              <SweepItem key={entry.id} sweep={entry} actions={actions} trans={trans} />
            )
          )}
        </ul>
      ) : (
        !model.problem && <NoRuns model={model} trans={trans} />
      )}
    </>
  );
}

function NoRuns({ model, trans }: { model: RunsModel; trans: TranslationBundle }): ReactElement {
  if (!model.ofAll && !model.path) {
    return <p className="naavre-Runs-none">{trans.__('Open a notebook to see its runs.')}</p>;
  }
  if (!model.isReady) {
    return <p className="naavre-Runs-none">{trans.__('Looking for runs…')}</p>;
  }
  return (
    <div className="naavre-Runs-none">
      <p>{trans.__('There are no runs yet.')}</p>
      <p>{trans.__('Choose "Run as Workflow" in the toolbar of a notebook. Each run is kept here with its times, its logs and its results.')}</p>
    </div>
  );
}

function SweepItem({
  sweep,
  actions,
  trans
}: {
  sweep: Extract<RunEntry, { kind: 'sweep' }>;
  actions: IRunActions;
  trans: TranslationBundle;
}): ReactElement {
  const { runs, rows, shared, varying } = sweep;
  const count = (...states: string[]): number => runs.filter(run => states.includes(run.state)).length;
  const [done, failed, running] = [count('ok'), count('failed', 'killed'), count('running')];
  const isActive = running > 0 || shared?.state === 'running';
  const shown = rowsToShow(runs);
  const openTable = (): void => actions.openSweep(sweep.id, (shared ?? runs[0]).path);
  const parts = [trans.__('%1 of %2 done', done, rows)];
  if (failed) {
    parts.push(trans.__('%1 failed', failed));
  }
  return (
    <li className="naavre-RunSweep">
      <details open={isActive || failed > 0}>
        <summary>
          <strong>{varying.length ? trans.__('Sweep of %1', varying.join(', ')) : trans.__('Sweep')}</strong>
          <span>{parts.join(' · ')}</span>
        </summary>
        <ul className="naavre-Runs-list">
          {shared && <RunItem run={shared} title={trans.__('once for all rows')} actions={actions} trans={trans} />}
          {shown.map(run => (
            <RunItem key={run.id} run={run} names={varying} actions={actions} trans={trans} />
          ))}
        </ul>
        {shown.length < runs.length && (
          <button type="button" className="naavre-Link" onClick={openTable}>
            {trans.__('%1 more in the table', runs.length - shown.length)}
          </button>
        )}
      </details>
      <IconButton
        icon={sweepIcon}
        label={trans.__('Open as a table')}
        onClick={openTable}
      />
    </li>
  );
}

interface IItemProps {
  run: IRunSummary;
  /** The parameters to tell, as its name; all without this. Rows of a sweep needn't say when they began. */
  names?: readonly string[];
  /** What it is called; else its parameters or its state. */
  title?: string;
  showPath?: boolean;
  actions: IRunActions;
  trans: TranslationBundle;
}

function RunItem({ run, names, title, showPath, actions, trans }: IItemProps): ReactElement {
  const isRunning = run.state === 'running';
  const state = runStateText(run.state, trans);
  const parameters = parametersText(run, names);
  const facts = [
    isRunning ? trans.__('%1 of %2 steps', run.steps_done, run.steps_total) : durationText(run.duration_s),
    title ? '' : speedText(run),
    run.batches ? trans._n('%1 batch', '%1 batches', run.batches) : ''
  ].filter(Boolean);
  const when = new Date(run.started_at * 1000).toLocaleString();
  const textId = `naavre-run-${run.id}`;
  return (
    <li className="naavre-Run" data-run={run.id} data-state={run.state}>
      <button type="button" className="naavre-Run-open" onClick={() => actions.open(run)} title={trans.__('Open this run')}>
        <svg width={16} height={16} aria-hidden="true">
          <StateMark x={1} y={1} state={runMark(run.state)} />
        </svg>
        <span className="naavre-Run-text" id={textId}>
          <span className="naavre-Run-line">
            <strong>{title ?? (names && parameters ? parameters : state)}</strong>
            {!names && !title && (
              <time dateTime={new Date(run.started_at * 1000).toISOString()} title={when}>
                {agoText(run.started_at, Date.now() / 1000, trans)}
              </time>
            )}
          </span>
          <span className="naavre-Run-facts">{facts.join(' · ')}</span>
          {showPath && <span className="naavre-Run-facts">{run.path}</span>}
          {!names && parameters && <span className="naavre-Run-parameters">{parameters}</span>}
          {isRunning && <progress max={Math.max(1, run.steps_total)} value={run.steps_done} aria-label={state} />}
        </span>
      </button>
      <span className="naavre-Run-buttons">
        <IconButton icon={workflowIcon} label={trans.__('Show in the workflow')} of={textId} onClick={() => actions.show(run)} />
        {isRunning ? (
          <IconButton icon={stopIcon} label={trans.__('Stop this run')} of={textId} onClick={() => actions.stop(run)} />
        ) : (
          <IconButton icon={closeIcon} label={trans.__('Delete this run')} of={textId} onClick={() => void actions.remove(run)} />
        )}
      </span>
    </li>
  );
}

interface IIconButtonProps {
  icon: LabIcon;
  label: string;
  /** The id of the element that says what it is about. */
  of?: string;
  onClick: () => void;
}

function IconButton({ icon, label, of, onClick }: IIconButtonProps): ReactElement {
  return (
    <button type="button" className="naavre-IconButton" title={label} aria-label={label} aria-describedby={of} onClick={onClick}>
      <icon.react tag="span" width="14px" height="14px" />
    </button>
  );
}
