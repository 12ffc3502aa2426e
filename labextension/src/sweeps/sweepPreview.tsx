// The rows of a sweep before it starts, or what is wrong with them.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

import { toPython } from '../running/literals';
import type { ITable, ITableError } from './table';

const SHOWN_ROWS = 5;
const SHOWN_ERRORS = 6;

interface IProps {
  readonly table: ITable;
  /** Whether anything was typed: an empty form isn't wrong yet. */
  readonly isTouched: boolean;
  readonly trans: TranslationBundle;
}

export function SweepPreview({ table, isTouched, trans }: IProps): ReactElement | null {
  if (!isTouched) {
    return null;
  }
  if (table.errors.length) {
    const more = table.errors.length - SHOWN_ERRORS;
    return (
      <ul className="naavre-Sweep-errors naavre-Form-error" role="alert">
        {table.errors.slice(0, SHOWN_ERRORS).map((error, index) => (
          <li key={index}>
            {placeOf(error, trans)}
            {error.message}
          </li>
        ))}
        {more > 0 && <li>{trans.__('and %1 more', more)}</li>}
      </ul>
    );
  }
  const names = table.names.filter(name => table.rows.some(row => name in row));
  const more = table.rows.length - SHOWN_ROWS;
  return (
    <div className="naavre-Sweep naavre-Sweep-preview">
      <strong>{trans._n('%1 run', '%1 runs', table.rows.length)}</strong>
      <table>
        <thead>
          <tr>
            {names.map(name => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, SHOWN_ROWS).map((row, index) => (
            <tr key={index}>
              {names.map(name => (
                <td key={name}>
                  <code>{name in row ? toPython(row[name]) : ''}</code>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <div className="naavre-Form-help">{trans.__('and %1 more', more)}</div>}
    </div>
  );
}

function placeOf(error: ITableError, trans: TranslationBundle): string {
  if (error.row === null) {
    return error.name === null ? '' : `${error.name}: `;
  }
  return error.column === null
    ? `${trans.__('Row %1', error.row)}: `
    : `${trans.__('Row %1, column %2', error.row, error.column)}: `;
}
