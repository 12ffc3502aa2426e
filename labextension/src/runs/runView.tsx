/** One run in the main area: its timeline, its logs, its parameters. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import { useState, type ReactElement } from 'react';

import type { IRunSummary } from '../api/types';
import { Tabs } from '../controls/tabs';
import { StateMark } from '../panel/runShapes';
import { durationText } from '../panel/runWording';
import { Explanation } from './explanation';
import { GanttChart } from './ganttChart';
import { runsIcon } from './icons';
import type { IRunActions } from './runActions';
import { RunDocument } from './runDocument';
import { RunLogs } from './runLogs';
import { runMark, runStateText, speedText } from './runList';

interface IViewProps {
  document: RunDocument;
  actions: IRunActions;
  trans: TranslationBundle;
  onDeleted: () => void;
}

export class RunView extends ReactWidget {
  readonly document: RunDocument;

  constructor(
    document: RunDocument,
    private readonly actions: IRunActions,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.document = document;
    this.id = `naavre-run-${document.id}`;
    this.addClass('naavre-RunView');
    this.title.icon = runsIcon;
    this.title.closable = true;
    this.title.label = trans.__('Run of %1', document.path.split('/').pop() ?? '');
    this.title.caption = trans.__('Run %1 of %2', document.id, document.path);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.document.dispose();
      super.dispose();
    }
  }

  protected override render(): ReactElement {
    const { document, actions, trans } = this;
    return (
      <UseSignal signal={document.changed}>
        {() => <Run document={document} actions={actions} trans={trans} onDeleted={() => this.dispose()} />}
      </UseSignal>
    );
  }
}

type Tab = 'timeline' | 'logs' | 'parameters';

function Run(props: IViewProps): ReactElement {
  const { document, trans } = props;
  const [tab, setTab] = useState<Tab>('timeline');
  const { summary, problem } = document;
  if (!summary) {
    return (
      <p className="naavre-Runs-none" role="status">
        {problem || trans.__('Reading the run…')}
      </p>
    );
  }
  const tabs: [Tab, string][] = [
    ['timeline', trans.__('Timeline')],
    ['logs', trans.__('Logs')],
    ['parameters', trans.__('Parameters')]
  ];
  return (
    <>
      <Head {...props} run={summary} />
      <Tabs id={document.id} label={trans.__('Parts of the run')} tabs={tabs} current={tab} onSelect={setTab} />
      <div className="naavre-RunView-body" role="tabpanel" id={`${document.id}-${tab}`} aria-labelledby={`${document.id}-tab-${tab}`}>
        {problem && (
          <p className="naavre-Runs-problem" role="alert">
            {problem}
          </p>
        )}
        {tab === 'timeline' && <Times {...props} run={summary} />}
        {tab === 'logs' && <RunLogs logs={document.logs} trans={trans} />}
        {tab === 'parameters' && <Parameters run={summary} trans={trans} />}
      </div>
    </>
  );
}

function Head({ run, actions, trans, document, onDeleted }: IViewProps & { run: IRunSummary }): ReactElement {
  const failure = document.details?.failure;
  const failed = document.cellOf(failure?.cell_number ?? null);
  const isRunning = run.state === 'running';
  const facts = [
    new Date(run.started_at * 1000).toLocaleString(),
    isRunning ? trans.__('%1 of %2 steps', run.steps_done, run.steps_total) : durationText(run.duration_s),
    run.slots ? trans._n('%1 worker', '%1 workers', run.slots) : '',
    speedText(run) && trans.__('%1 as fast as one worker', speedText(run))
  ].filter(Boolean);
  const button = (label: string, onClick: () => void): ReactElement => (
    <button type="button" className="naavre-Button" onClick={onClick}>
      {label}
    </button>
  );
  const remove = async (): Promise<void> => {
    if (await actions.remove(run)) {
      onDeleted();
    }
  };
  return (
    <header className="naavre-RunView-head">
      <h2>
        <svg width={16} height={16} aria-hidden="true">
          <StateMark x={1} y={1} state={runMark(run.state)} />
        </svg>
        {runStateText(run.state, trans)} <small>{facts.join(' · ')}</small>
      </h2>
      {failure && (
        <p className="naavre-Runs-problem">
          {failed !== null && (
            <button type="button" className="naavre-Link" onClick={() => actions.goToCell(run, failed)}>
              {trans.__('cell %1', failure.cell_number)}
            </button>
          )}{' '}
          {failure.ename}: {failure.evalue}
        </p>
      )}
      <div className="naavre-RunView-buttons">
        {button(trans.__('Show in the workflow'), () => actions.show(run))}
        {!isRunning && button(trans.__('Open the executed notebook'), () => actions.openExecuted(run))}
        {!isRunning && button(trans.__('Load results…'), () => actions.loadResults(run))}
        {!isRunning && run.state !== 'ok' && button(trans.__('Resume'), () => actions.resume(run))}
        {isRunning ? button(trans.__('Stop'), () => actions.stop(run)) : button(trans.__('Delete…'), () => void remove())}
      </div>
    </header>
  );
}

function Times({ document, actions, trans, run }: IViewProps & { run: IRunSummary }): ReactElement | null {
  const [selected, select] = useState<string | null>(null);
  const { timeline } = document;
  if (!timeline?.rows.length) {
    return <p className="naavre-Runs-none">{trans.__('Nobody has finished anything yet.')}</p>;
  }
  const cell = document.cellOf(timeline.explanation.advice.cell_number);
  const goTo = cell === null ? null : (): void => actions.goToCell(run, cell);
  return (
    <>
      <GanttChart timeline={timeline} selected={selected} onSelect={select} trans={trans} />
      <Explanation timeline={timeline} trans={trans} selected={selected} onSelect={select} onCell={goTo} />
    </>
  );
}

function Parameters({ run, trans }: { run: IRunSummary; trans: TranslationBundle }): ReactElement {
  const names = Object.keys(run.parameters);
  if (!names.length) {
    return <p className="naavre-Runs-none">{trans.__('This run had the parameters that the notebook has.')}</p>;
  }
  return (
    <table className="naavre-Table">
      <tbody>
        {names.map(name => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{run.parameter_texts[name]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
