// The runs of a sweep in a table: parameters, state, time, and what can be done with each.

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import { memo, type ReactElement } from 'react';

import type { ISweepRow } from '../api/client';
import type { IRunSummary } from '../api/types';
import { duration } from '../running/estimate';
import type { SweepModel } from './sweepModel';

/** What can be done with a run of the sweep. */
export interface ISweepActions {
  /** Brings its outputs into the cells of the notebook. */
  show(run: IRunSummary): void;
  /** Opens its executed notebook. */
  open(run: IRunSummary): void;
  /** Shows its times and its logs. */
  look(run: IRunSummary): void;
  /** Runs the rows again that didn't end well. */
  resume(sweep: SweepModel): void;
}

export class SweepView extends VDomRenderer<SweepModel> {
  constructor(
    model: SweepModel,
    private readonly _actions: ISweepActions,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('naavre-Sweep');
    this.addClass('naavre-SweepView');
  }

  protected override render(): ReactElement | null {
    const { model, _trans: trans } = this;
    if (!model) {
      return null;
    }
    return (
      <>
        <div className="naavre-SweepView-head">
          <span role="status">{this._summary(model)}</span>
          {model.isActive && (
            <button type="button" className="naavre-Button" onClick={() => void model.stop()}>
              {trans.__('Stop all')}
            </button>
          )}
          {model.canResume && (
            <button
              type="button"
              className="naavre-Button"
              title={trans.__('Run the rows again that aren\u2019t done; what all rows share isn\u2019t computed again')}
              onClick={() => this._actions.resume(model)}
            >
              {trans.__('Resume')}
            </button>
          )}
        </div>
        {this._shared(model)}
        {model.problem && (
          <div className="naavre-Form-error" role="alert">
            {model.problem}
          </div>
        )}
        {model.isReady && (
        <table aria-label={trans.__('Rows of the sweep')}>
          <thead>
            <tr>
              <th scope="col" className="naavre-mod-number">#</th>
              {model.names.map(name => (
                <th scope="col" key={name}>{name}</th>
              ))}
              <th scope="col">{trans.__('State')}</th>
              <th scope="col" className="naavre-mod-number naavre-mod-wide">{trans.__('Steps')}</th>
              <th scope="col" className="naavre-mod-number naavre-mod-wide">{trans.__('Time')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {model.rows.map((row, index) => (
              <Row
                key={index}
                row={row}
                index={index}
                run={model.run(row)}
                names={model.names.join()}
                onStop={this._stop}
                actions={this._actions}
                trans={trans}
              />
            ))}
          </tbody>
        </table>
        )}
      </>
    );
  }

  /** What ran once for all rows. */
  private _shared(model: SweepModel): ReactElement | null {
    const { shared } = model;
    const trans = this._trans;
    return (
      shared && (
        <div className="naavre-SweepView-shared">
          <span className={`naavre-SweepView-state naavre-mod-${shared.state}`}>
            {trans._n('%1 step once for all rows', '%1 steps once for all rows', shared.steps_total)}:{' '}
            {stateName(shared.state, trans)}
            {shared.state !== 'running' && `, ${duration(shared.duration_s)}`}
          </span>
          <button type="button" className="naavre-Link" onClick={() => this._actions.look(shared)}>
            {trans.__('Details')}
          </button>
        </div>
      )
    );
  }

  private readonly _stop = (row: number): void => void this.model?.stop(row);

  private _summary(model: SweepModel): string {
    if (!model.isReady) {
      return model.problem ? '' : this._trans.__('Looking for the runs\u2026');
    }
    const order: ISweepRow['state'][] = ['ok', 'failed', 'killed', 'cancelled', 'running', 'queued'];
    const parts = order
      .filter(state => model.counts.has(state))
      .map(state => `${model.counts.get(state) ?? 0} ${stateName(state, this._trans)}`);
    return `${this._trans._n('%1 run', '%1 runs', model.rows.length)}: ${parts.join(', ')}`;
  }
}

interface IRowProps {
  readonly row: ISweepRow;
  readonly index: number;
  readonly run: IRunSummary | null;
  /** The parameters of all rows, with commas. */
  readonly names: string;
  readonly onStop: (row: number) => void;
  readonly actions: ISweepActions;
  readonly trans: TranslationBundle;
}

/** One row. There may be a thousand, of which few change from one look to the next. */
const Row = memo(function Row({ row, index, run, names, onStop, actions, trans }: IRowProps): ReactElement {
  const isOver = run !== null && run.state !== 'running';
  const number = String(index + 1);
  return (
    <tr>
      <td className="naavre-mod-number">{number}</td>
      {names.split(',').map(name => (
        <td key={name}>
          <code>{row.parameter_texts[name] ?? ''}</code>
        </td>
      ))}
      <td>
        <span className={`naavre-SweepView-state naavre-mod-${row.state}`}>{stateName(row.state, trans)}</span>
        {row.message && <div className="naavre-Form-help">{row.message}</div>}
      </td>
      <td className="naavre-mod-number naavre-mod-wide">{run && `${run.steps_done}/${run.steps_total}`}</td>
      <td className="naavre-mod-number naavre-mod-wide">{run && duration(run.duration_s)}</td>
      <td className="naavre-SweepView-actions">
        {(row.state === 'queued' || row.state === 'running') && (
          <RowAction label={trans.__('Stop')} name={trans.__('Stop row %1', number)} onClick={() => onStop(index)} />
        )}
        {run && (
          <RowAction
            label={trans.__('Show in notebook')}
            name={trans.__('Show row %1 in notebook', number)}
            title={trans.__('Bring the outputs of this run into the notebook\u2019s cells')}
            onClick={() => actions.show(run)}
          />
        )}
        {run && isOver && (
          <RowAction
            label={trans.__('Open')}
            name={trans.__('Open the executed notebook of row %1', number)}
            title={trans.__('Open the executed notebook of this run')}
            onClick={() => actions.open(run)}
          />
        )}
        {run && (
          <RowAction
            label={trans.__('Details')}
            name={trans.__('Times and logs of row %1', number)}
            title={trans.__('Times and logs of this run')}
            onClick={() => actions.look(run)}
          />
        )}
      </td>
    </tr>
  );
});

interface IRowActionProps {
  readonly label: string;
  /** What screen readers call it: the label with the row. */
  readonly name: string;
  readonly title?: string;
  readonly onClick: () => void;
}

function RowAction({ label, name, title, onClick }: IRowActionProps): ReactElement {
  return (
    <button type="button" className="naavre-Link" aria-label={name} title={title} onClick={onClick}>
      {label}
    </button>
  );
}

function stateName(state: ISweepRow['state'], trans: TranslationBundle): string {
  return {
    ok: trans.__('done'),
    failed: trans.__('failed'),
    killed: trans.__('broke off'),
    cancelled: trans.__('stopped'),
    running: trans.__('running'),
    queued: trans.__('queued')
  }[state];
}
