/** What the steps of a run wrote, and how each of their batches went. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';

import { StateMark } from '../panel/runShapes';
import { durationText } from '../panel/runWording';
import { placeText } from '../panel/wording';
import { batchName, type IBatchLog, type IStepLog, type LogBook } from './logBook';

/** So many batches are listed at first. */
const FIRST = 100;

export function RunLogs({ logs, trans }: { logs: LogBook; trans: TranslationBundle }): ReactElement {
  const [word, setWord] = useState('');
  const wanted = word.toLowerCase();
  const matches = (step: IStepLog): boolean =>
    !wanted ||
    placeText(step.cellNumber, step.title, trans).toLowerCase().includes(wanted) ||
    step.entries.some(entry => entry.text.toLowerCase().includes(wanted));
  const steps = logs.steps.filter(step => (step.entries.length || step.batches.length) && matches(step));
  return (
    <div className="naavre-Logs">
      <input
        type="search"
        className="naavre-Logs-search"
        placeholder={trans.__('Find in the logs')}
        aria-label={trans.__('Find in the logs')}
        value={word}
        onChange={event => setWord(event.target.value)}
      />
      {logs.messages.length > 0 && (
        <pre className="naavre-Log">
          {logs.messages.map((entry, index) => (
            <span key={index} className={`naavre-mod-${entry.kind}`}>
              {entry.text + '\n'}
            </span>
          ))}
        </pre>
      )}
      {steps.map(step => (
        <StepLog key={step.id} step={step} trans={trans} />
      ))}
      {!steps.length && <p className="naavre-Runs-none">{word ? trans.__('Nothing was found.') : trans.__('Nothing was written.')}</p>}
    </div>
  );
}

function StepLog({ step, trans }: { step: IStepLog; trans: TranslationBundle }): ReactElement {
  return (
    <details className="naavre-Logs-step" open>
      <summary>{placeText(step.cellNumber, step.title, trans)}</summary>
      {step.entries.length > 0 && (
        <pre className="naavre-Log" tabIndex={0}>
          {step.entries.map((entry, index) => (
            <span key={index} className={`naavre-mod-${entry.kind}`}>
              {entry.kind === 'note' ? `— ${entry.text}\n` : entry.text}
            </span>
          ))}
        </pre>
      )}
      {step.batches.length > 0 && <Batches batches={step.batches} trans={trans} />}
    </details>
  );
}

function Batches({ batches, trans }: { batches: readonly IBatchLog[]; trans: TranslationBundle }): ReactElement {
  const [isOpen, setOpen] = useState(batches.some(batch => batch.failure || batch.retries.length));
  const [bySlowest, setBySlowest] = useState(false);
  const [all, setAll] = useState(false);
  const sorted = bySlowest ? [...batches].sort((a, b) => b.durationS - a.durationS) : batches;
  const shown = all ? sorted : sorted.slice(0, FIRST);
  return (
    <details open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{trans._n('%1 batch', '%1 batches', batches.length)}</summary>
      {isOpen && (
        <>
          <label className="naavre-Logs-sort">
            <input type="checkbox" checked={bySlowest} onChange={event => setBySlowest(event.target.checked)} />
            {trans.__('slowest first')}
          </label>
          <table className="naavre-Table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Batch')}</th>
                <th scope="col">{trans.__('Items')}</th>
                <th scope="col">{trans.__('Time')}</th>
                <th scope="col">{trans.__('Worker')}</th>
                <th scope="col">{trans.__('What happened')}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(batch => (
                <tr key={`${batch.within}/${batch.split}/${batch.batch}`} data-state={batch.state}>
                  <td className="naavre-mod-number">
                    <svg width={15} height={15} aria-hidden="true">
                      <StateMark x={0.5} y={0.5} state={batch.state} />
                    </svg>{' '}
                    {batchName(batch)}
                  </td>
                  <td className="naavre-mod-number">{batch.items || ''}</td>
                  <td className="naavre-mod-number">{batch.durationS ? durationText(batch.durationS) : ''}</td>
                  <td>{batch.worker}</td>
                  <td>{happened(batch, trans)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {shown.length < sorted.length && (
            <button type="button" className="naavre-Button" onClick={() => setAll(true)}>
              {trans.__('Show all %1', sorted.length)}
            </button>
          )}
        </>
      )}
    </details>
  );
}

function happened(batch: IBatchLog, trans: TranslationBundle): string {
  const parts = batch.retries.map(reason => trans.__('tried again: %1', reason));
  if (batch.state === 'reused') {
    parts.push(trans.__('reused from an earlier run'));
  }
  if (batch.failure) {
    parts.push(batch.failure);
  }
  return parts.join('; ');
}
