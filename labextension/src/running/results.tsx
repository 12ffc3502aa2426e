// Variables of a run, chosen and brought into the notebook's live kernel.

import { Notification, type ISessionContext } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';

import type { Client, IRunVariable } from '../api/client';
import type { IRunSummary } from '../api/types';
import { FormBody, askForm } from './formDialog';

/** Why variables couldn't be loaded, in the kernel's words. */
export class LoadError extends Error {}

/** Asks which of a run's variables are wanted, and loads them; the names of those, null if it was given up. */
export async function loadResults(
  client: Client,
  run: IRunSummary,
  session: ISessionContext,
  trans: TranslationBundle
): Promise<string[] | null> {
  const { variables } = await client.variables(run.id, run.path);
  if (!variables.length) {
    throw new LoadError(trans.__('This run has kept no variables.'));
  }
  const names = await askForm(
    trans.__('Load results into the kernel'),
    new VariablesForm(variables, trans),
    trans.__('Load'),
    trans
  );
  if (!names) {
    return null;
  }
  const { code } = await client.variables(run.id, run.path, names);
  await execute(session, code, trans);
  return names;
}

/** Runs code in the live kernel, without leaving a trace in its history. */
async function execute(
  session: ISessionContext,
  code: string,
  trans: TranslationBundle
): Promise<void> {
  const kernel = session.session?.kernel;
  if (!kernel) {
    throw new LoadError(trans.__('The notebook has no kernel. Start one, then load the results again.'));
  }
  const told = kernel.status === 'busy' ? tellBusy(trans) : null;
  const future = kernel.requestExecute({ code, silent: true, store_history: false });
  const { content } = await future.done.finally(() => told && Notification.dismiss(told));
  if (content.status === 'error') {
    const missing = content.ename === 'ModuleNotFoundError';
    const hint = missing ? ` ${trans.__('Install naavre-ext in the kernel\u2019s environment.')}` : '';
    throw new LoadError(`${content.ename}: ${content.evalue}${hint}`);
  }
  if (content.status !== 'ok') {
    throw new LoadError(trans.__('The kernel was interrupted.'));
  }
}

/** Says, until it is dismissed, why nothing seems to happen; its id. */
function tellBusy(trans: TranslationBundle): string {
  return Notification.info(
    trans.__('The kernel is busy: the variables are loaded when it is done.'),
    { autoClose: false }
  );
}

class VariablesForm extends FormBody<string[]> {
  constructor(
    private readonly _variables: readonly IRunVariable[],
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  get isValid(): boolean {
    return this._chosen.length > 0;
  }

  getValue(): string[] {
    return [...this._chosen];
  }

  protected override render(): ReactElement {
    return (
      <VariablesView
        variables={this._variables}
        initial={this._chosen}
        onChange={chosen => {
          this._chosen = chosen;
        }}
        trans={this._trans}
      />
    );
  }

  private _chosen: readonly string[] = [];
}

interface IViewProps {
  readonly variables: readonly IRunVariable[];
  readonly initial: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly trans: TranslationBundle;
}

function VariablesView({ variables, initial, onChange, trans }: IViewProps): ReactElement {
  const [chosen, setChosen] = useState(initial);
  const [filter, setFilter] = useState('');
  const change = (names: readonly string[]): void => {
    setChosen(names);
    onChange(names);
  };
  const shown = variables.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
  const names = shown.map(variable => variable.name);
  const areAllChosen = names.length > 0 && names.every(name => chosen.includes(name));
  return (
    <>
      <p className="naavre-Form-note">
        {trans.__('Variables of the kernel with the same names are overwritten.')}
      </p>
      <input
        className="jp-mod-styled naavre-Form-input naavre-Variables-filter"
        type="search"
        aria-label={trans.__('Filter by name')}
        placeholder={trans.__('Filter by name')}
        value={filter}
        onChange={event => setFilter(event.target.value)}
      />
      <div className="naavre-Variables">
        <table>
          <thead>
            <tr>
              <th>
                <input
                  type="checkbox"
                  aria-label={trans.__('All')}
                  checked={areAllChosen}
                  onChange={() =>
                    change(
                      areAllChosen
                        ? chosen.filter(name => !names.includes(name))
                        : [...new Set([...chosen, ...names])]
                    )
                  }
                />
              </th>
              <th>{trans.__('Name')}</th>
              <th>{trans.__('Type')}</th>
              <th className="naavre-mod-number">{trans.__('Size')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, type, size }) => (
              <tr key={name}>
                <td>
                  <input
                    id={`naavre-variable-${name}`}
                    type="checkbox"
                    checked={chosen.includes(name)}
                    onChange={event =>
                      change(
                        event.target.checked
                          ? [...chosen, name]
                          : chosen.filter(other => other !== name)
                      )
                    }
                  />
                </td>
                <td>
                  <label htmlFor={`naavre-variable-${name}`}>
                    <code>{name}</code>
                  </label>
                </td>
                <td>{type}</td>
                <td className="naavre-mod-number">{size === null ? '' : bytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** `512 B`, `3.4 kB`, `12 MB`. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`;
}
