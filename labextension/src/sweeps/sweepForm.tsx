// The dialog of a sweep: values for each parameter, or a table that is pasted or read from a file.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, useMemo, useState, type ReactElement } from 'react';

import { Tabs } from '../controls/tabs';
import { FormBody } from '../running/formDialog';
import { FormRow, ParameterForm } from '../running/parameterForm';
import { type FieldTexts, type IField, readSecrets } from '../running/parameters';
import { parallelismError } from '../running/optionTexts';
import { SweepPreview } from './sweepPreview';
import { parseGrid, parseTable, type Combination, type ITable, type SweepRow } from './table';

/** What is typed; the secrets are kept no longer than the dialog. */
export interface ISweepState {
  readonly mode: 'values' | 'table';
  readonly values: FieldTexts;
  readonly combination: Combination;
  readonly table: string;
  readonly output: string;
  readonly jobs: string;
  readonly secrets: FieldTexts;
}

export const EMPTY_SWEEP: ISweepState = {
  mode: 'values',
  values: {},
  combination: 'grid',
  table: '',
  output: '',
  jobs: '',
  secrets: {}
};

export interface ISweepAnswer {
  readonly rows: readonly SweepRow[];
  readonly output: string | undefined;
  readonly jobs: number | undefined;
  readonly secrets: Readonly<Record<string, string>>;
  readonly state: ISweepState;
}

/** The rows that what is typed makes. */
export function sweepTable(state: ISweepState, fields: readonly IField[]): ITable {
  return state.mode === 'table'
    ? parseTable(state.table, fields)
    : parseGrid(state.values, settable(fields), state.combination);
}

function settable(fields: readonly IField[]): IField[] {
  return fields.filter(field => field.kind === 'param' && !field.fixedBecause);
}

export class SweepForm extends FormBody<ISweepAnswer> {
  constructor(
    private readonly _fields: readonly IField[],
    private _state: ISweepState,
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  get isValid(): boolean {
    const { errors } = sweepTable(this._state, this._fields);
    return !errors.length && !parallelismError(this._state.jobs);
  }

  getValue(): ISweepAnswer {
    const { output, jobs, secrets } = this._state;
    return {
      rows: sweepTable(this._state, this._fields).rows,
      output: output.trim() || undefined,
      jobs: jobs.trim() ? Number(jobs) : undefined,
      secrets: readSecrets(this._fields, secrets),
      state: { ...this._state, secrets: {} }
    };
  }

  protected override render(): ReactElement {
    return (
      <SweepFormView
        fields={this._fields}
        initial={this._state}
        onChange={state => {
          this._state = state;
        }}
        trans={this._trans}
      />
    );
  }
}

interface IViewProps {
  readonly fields: readonly IField[];
  readonly initial: ISweepState;
  readonly onChange: (state: ISweepState) => void;
  readonly trans: TranslationBundle;
}

function SweepFormView({ fields, initial, onChange, trans }: IViewProps): ReactElement {
  const id = useId();
  const [state, setState] = useState(initial);
  const change = (changed: Partial<ISweepState>): void => {
    const next = { ...state, ...changed };
    setState(next);
    onChange(next);
  };
  const table = useMemo(() => sweepTable(state, fields), [state, fields]);
  const secrets = fields.filter(field => field.kind === 'secret');
  const tabs = [
    ['values', trans.__('Values')],
    ['table', trans.__('Table')]
  ] as const;
  return (
    <>
      <Tabs
        id={id}
        label={trans.__('Where the rows come from')}
        tabs={tabs}
        current={state.mode}
        onSelect={mode => change({ mode })}
      />
      <div role="tabpanel" id={`${id}-${state.mode}`} aria-labelledby={`${id}-tab-${state.mode}`}>
      {state.mode === 'values' ? (
        <ValuesTab fields={settable(fields)} state={state} table={table} change={change} trans={trans} />
      ) : (
        <TableTab fields={settable(fields)} state={state} change={change} trans={trans} />
      )}
      </div>
      <SweepPreview table={table} isTouched={isTouched(state)} trans={trans} />
      {secrets.length > 0 && (
        <ParameterForm
          fields={secrets}
          texts={state.secrets}
          onChange={(name, text) => change({ secrets: { ...state.secrets, [name]: text } })}
          trans={trans}
        />
      )}
      <SweepOptions state={state} change={change} trans={trans} />
    </>
  );
}

function isTouched(state: ISweepState): boolean {
  return state.mode === 'table'
    ? state.table.trim() !== ''
    : Object.values(state.values).some(text => text.trim());
}

interface IPartProps {
  readonly state: ISweepState;
  readonly change: (changed: Partial<ISweepState>) => void;
  readonly trans: TranslationBundle;
}

interface IValuesProps extends IPartProps {
  readonly fields: readonly IField[];
  readonly table: ITable;
}

function ValuesTab({ fields, state, table, change, trans }: IValuesProps): ReactElement {
  const id = useId();
  return (
    <div className="naavre-Form">
      <p className="naavre-Form-note">
        {trans.__('Values between commas, or a range: 0 to 1 step 0.25. What is empty keeps the notebook\u2019s value.')}
      </p>
      {fields.map(field => {
        const text = state.values[field.name] ?? '';
        const error = table.errors.find(error => error.name === field.name)?.message ?? '';
        return (
          <FormRow
            key={field.name}
            id={`${id}-${field.name}`}
            label={<code>{field.name}</code>}
            hint={field.type}
            help={error}
            isWrong={!!error}
          >
            <input
              id={`${id}-${field.name}`}
              className="jp-mod-styled naavre-Form-input naavre-mod-code"
              value={text}
              placeholder={field.source || field.initial}
              spellCheck={false}
              autoComplete="off"
              aria-invalid={!!error}
              aria-describedby={`${id}-${field.name}-help`}
              onChange={event =>
                change({ values: { ...state.values, [field.name]: event.target.value } })
              }
            />
          </FormRow>
        );
      })}
      <FormRow id={`${id}-combination`} label={trans.__('Several parameters')}>
        <select
          id={`${id}-combination`}
          className="jp-mod-styled naavre-Form-select"
          value={state.combination}
          onChange={event => change({ combination: event.target.value as Combination })}
        >
          <option value="grid">{trans.__('each value with each')}</option>
          <option value="together">{trans.__('first with first, second with second \u2026')}</option>
        </select>
      </FormRow>
    </div>
  );
}

function TableTab({ fields, state, change, trans }: IPartProps & { fields: readonly IField[] }): ReactElement {
  const names = fields.map(field => field.name);
  const read = async (file: File | undefined): Promise<void> => {
    if (file) {
      change({ table: await file.text() });
    }
  };
  return (
    <div>
      <p className="naavre-Form-note">
        {trans.__('Paste from a spreadsheet, or CSV. The first row names parameters: %1.', names.join(', '))}
      </p>
      <textarea
        className="jp-mod-styled naavre-Sweep-text"
        aria-label={trans.__('Table')}
        rows={7}
        spellCheck={false}
        value={state.table}
        placeholder={`${names.slice(0, 2).join(',')}\n\u2026`}
        onChange={event => change({ table: event.target.value })}
      />
      <label className="naavre-Sweep-file">
        {trans.__('From a file:')}{' '}
        <input
          type="file"
          accept=".csv,.tsv,.txt,text/csv,text/plain"
          onChange={event => void read(event.target.files?.[0])}
        />
      </label>
    </div>
  );
}

function SweepOptions({ state, change, trans }: IPartProps): ReactElement {
  const id = useId();
  const error = parallelismError(state.jobs);
  return (
    <details className="naavre-Form-section">
      <summary>{trans.__('How it runs')}</summary>
      <FormRow
        id={`${id}-output`}
        label={trans.__('Executed notebooks')}
        help={trans.__('{row} and {param_\u2026} stand for the row\u2019s number and values.')}
      >
        <input
          id={`${id}-output`}
          className="jp-mod-styled naavre-Form-input"
          value={state.output}
          spellCheck={false}
          placeholder={trans.__('made when opened; or out/{row}.ipynb')}
          onChange={event => change({ output: event.target.value })}
        />
      </FormRow>
      <FormRow id={`${id}-jobs`} label={trans.__('Runs at once')} help={error} isWrong={!!error}>
        <input
          id={`${id}-jobs`}
          className="jp-mod-styled naavre-Form-input"
          value={state.jobs}
          inputMode="numeric"
          placeholder={trans.__('as many as there are CPUs')}
          aria-invalid={!!error}
          onChange={event => change({ jobs: event.target.value })}
        />
      </FormRow>
    </details>
  );
}
