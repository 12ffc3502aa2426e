/** What the panel says when there is no drawing, or beside it: reasons, and what to do. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';

import type { IDiagnostic } from '../api/types';
import { severityText } from './describing';
import type { PanelModel } from './panelModel';
import { placeText } from './wording';

interface INoticesProps {
  model: PanelModel;
  onCell: (cellId: string) => void;
}

/** Errors, warnings and hints above the drawing; nothing where there is nothing to say. */
export function Notices({ model, onCell }: INoticesProps): ReactElement | null {
  const { state, diagnostics, trans, problem } = model;
  if (state === 'problem') {
    return (
      <div className="naavre-Notices naavre-mod-error" role="alert">
        <p>
          <strong>{trans.__("The compiler didn't answer.")}</strong> {problem}
        </p>
        <button type="button" className="naavre-Button" onClick={() => model.retry()}>
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  if (diagnostics.length) {
    const isRefused = state === 'refused';
    return (
      <div className={`naavre-Notices ${isRefused ? 'naavre-mod-error' : ''}`} role={isRefused ? 'alert' : 'status'}>
        {isRefused && (
          <p>
            <strong>{trans.__("This notebook can't be run as a workflow yet.")}</strong>{' '}
            {model.graph.nodes.length > 0 && trans.__('The drawing shows it as it was before.')}
          </p>
        )}
        <ul className="naavre-Notices-list">
          {diagnostics.map((diagnostic, index) => (
            <DiagnosticItem key={index} diagnostic={diagnostic} trans={trans} onCell={onCell} />
          ))}
        </ul>
      </div>
    );
  }
  return state === 'ready' ? <SplitHint model={model} onCell={onCell} /> : null;
}

interface IItemProps {
  diagnostic: IDiagnostic;
  trans: TranslationBundle;
  /** With this, the item leads to its cell. */
  onCell?: (cellId: string) => void;
}

/** `error NX103, cell 7 "clean", line 3`: what is wrong and what to do. */
export function DiagnosticItem({ diagnostic, trans, onCell }: IItemProps): ReactElement {
  const { code, severity, message, remedy, cell_id, cell_number, line, title } = diagnostic;
  const places = [
    cell_number === null ? '' : placeText(cell_number, title, trans),
    line === null ? '' : trans.__('line %1', line)
  ].filter(Boolean);
  return (
    <li className={`naavre-Diagnostic naavre-mod-${severity}`}>
      <div>
        <span className="naavre-Diagnostic-code">{`${severityText(severity, trans)} ${code}`}</span>
        {places.length > 0 && <span className="naavre-Diagnostic-place">{places.join(', ')}</span>}
        <p>
          {message} {remedy && <em>{remedy}</em>}
        </p>
      </div>
      {onCell && cell_id !== null && (
        <button type="button" className="naavre-Button" onClick={() => onCell(cell_id)}>
          {trans.__('Go to cell')}
        </button>
      )}
    </li>
  );
}

/** Teaches the annotation that makes a notebook faster, where it would do so. */
function SplitHint({ model, onCell }: INoticesProps): ReactElement | null {
  const { trans, firstSplit } = model;
  const [isClosed, close] = useState(false);
  const [problem, setProblem] = useState('');
  if (!firstSplit || isClosed) {
    return null;
  }
  const { check, suggestion } = firstSplit;
  const { edit } = suggestion;
  const add = (): void => {
    if (edit) {
      model.workflow
        .annotate(check.cell_id, [{ key: edit.annotation, value: edit.value }])
        .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
    }
  };
  return (
    <div className="naavre-Notices naavre-mod-hint" role="status">
      <p>
        {trans.__(
          'Nothing is split yet. The loop in line %1 of %2 could run in batches on all workers.',
          suggestion.line,
          placeText(check.cell_number, check.title, trans)
        )}{' '}
        {problem}
      </p>
      <span className="naavre-Notices-buttons">
        {edit && (
          <button type="button" className="naavre-Button" onClick={add}>
            {trans.__("Add '# split:'")}
          </button>
        )}
        <button type="button" className="naavre-Button" onClick={() => onCell(check.cell_id)}>
          {trans.__('Go to cell')}
        </button>
        <button type="button" className="naavre-Button" onClick={() => close(true)}>
          {trans.__('Not now')}
        </button>
      </span>
    </div>
  );
}

/** In place of a drawing, where there is none. */
export function NoDrawing({ model }: { model: PanelModel }): ReactElement {
  const { state, trans } = model;
  if (state === 'loading') {
    return (
      <div className="naavre-NoDrawing" role="status">
        <p>{trans.__('Reading the notebook…')}</p>
      </div>
    );
  }
  if (state !== 'empty') {
    return <div className="naavre-NoDrawing" />;
  }
  return (
    <div className="naavre-NoDrawing">
      <h3>{trans.__('Here the notebook is drawn as a workflow')}</h3>
      <p>{trans.__('Every code cell becomes a step. Arrows show which variables one step needs from another.')}</p>
      <p>{trans.__('Write above a loop that takes long:')}</p>
      <pre>
        <span className="naavre-NoDrawing-comment"># split: process the stations</span>
        {'\nfor station in stations:\n    results.append(process(station))'}
      </pre>
      <p>{trans.__('Its iterations then run in batches, at the same time. The result stays the same.')}</p>
    </div>
  );
}
