// The runs of a sweep in a table: parameters, state, time, and what can be done with each.

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

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
        </div>
        {model.problem && (
          <div className="naavre-Form-error" role="alert">
            {model.problem}
          </div>
        )}
        {model.isReady && (
        <table>
          <thead>
            <tr>
              <th className="naavre-mod-number">#</th>
              {model.names.map(name => (
                <th key={name}>{name}</th>
              ))}
              <th>{trans.__('State')}</th>
              <th className="naavre-mod-number">{trans.__('Steps')}</th>
              <th className="naavre-mod-number">{trans.__('Time')}</th>
              <th />
            </tr>
          </thead>
          <tbody>{model.rows.map((row, index) => this._row(model, row, index))}</tbody>
        </table>
        )}
      </>
    );
  }

  private _row(model: SweepModel, row: ISweepRow, index: number): ReactElement {
    const run = model.run(row);
    const trans = this._trans;
    const isOver = run !== null && run.state !== 'running';
    return (
      <tr key={index}>
        <td className="naavre-mod-number">{index + 1}</td>
        {model.names.map(name => (
          <td key={name}>
            <code>{name in row.parameters ? shown(row.parameters[name]) : ''}</code>
          </td>
        ))}
        <td>
          <span className={`naavre-SweepView-state naavre-mod-${row.state}`} title={row.message ?? ''}>
            {stateName(row.state, trans)}
          </span>
          {row.message && <div className="naavre-Form-help">{row.message}</div>}
        </td>
        <td className="naavre-mod-number">{run && `${run.steps_done}/${run.steps_total}`}</td>
        <td className="naavre-mod-number">{run && duration(run.duration_s)}</td>
        <td className="naavre-SweepView-actions">
          {run && (
            <button
              type="button"
              className="naavre-Link"
              title={trans.__('Bring the outputs of this run into the notebook\u2019s cells')}
              onClick={() => this._actions.show(run)}
            >
              {trans.__('Show in notebook')}
            </button>
          )}
          {run && isOver && (
            <button
              type="button"
              className="naavre-Link"
              title={trans.__('Open the executed notebook of this run')}
              onClick={() => this._actions.open(run)}
            >
              {trans.__('Open')}
            </button>
          )}
        </td>
      </tr>
    );
  }

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

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
