// The dialog before a run: parameters, secrets, and how it is run.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement, type ReactNode } from 'react';

import type { IRunChoice } from './runController';
import { FormBody } from './formDialog';
import { OptionsForm } from './optionsForm';
import { parallelismError, readOptions, type IOptionTexts } from './optionTexts';
import { ParameterForm } from './parameterForm';
import { FieldTexts, IField, readForm, readSecrets } from './parameters';

/** What the dialog starts with, and what was typed in the end; secrets are not among it. */
export interface IRunTexts {
  readonly fields: FieldTexts;
  readonly options: IOptionTexts;
}

export interface IRunAnswer {
  readonly choice: IRunChoice;
  readonly texts: IRunTexts;
  readonly dontAskAgain: boolean;
}

/** What is typed; the secrets are kept no longer than the dialog. */
interface IRunFormState {
  readonly texts: IRunTexts;
  readonly secrets: FieldTexts;
  readonly dontAskAgain: boolean;
}

export class RunForm extends FormBody<IRunAnswer> {
  constructor(
    private readonly _fields: readonly IField[],
    texts: IRunTexts,
    private readonly _notes: readonly string[],
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._state = { texts, secrets: {}, dontAskAgain: false };
  }

  get isValid(): boolean {
    const { fields, options } = this._state.texts;
    const { errors } = readForm(this._fields, fields);
    return !Object.keys(errors).length && !parallelismError(options.maxParallelism);
  }

  getValue(): IRunAnswer {
    const { texts, secrets, dontAskAgain } = this._state;
    return {
      choice: {
        parameters: readForm(this._fields, texts.fields).values,
        secrets: readSecrets(this._fields, secrets),
        options: readOptions(texts.options)
      },
      texts,
      dontAskAgain
    };
  }

  protected override render(): ReactElement {
    return (
      <RunFormView
        fields={this._fields}
        notes={this._notes}
        initial={this._state}
        onChange={state => {
          this._state = state;
        }}
        trans={this._trans}
      />
    );
  }

  private _state: IRunFormState;
}

interface IViewProps {
  readonly fields: readonly IField[];
  readonly notes: readonly string[];
  readonly initial: IRunFormState;
  readonly onChange: (state: IRunFormState) => void;
  readonly trans: TranslationBundle;
}

function RunFormView({ fields, notes, initial, onChange, trans }: IViewProps): ReactElement {
  const [state, setState] = useState(initial);
  const change = (changed: Partial<IRunFormState>): void => {
    const next = { ...state, ...changed };
    setState(next);
    onChange(next);
  };
  const { texts, secrets } = state;
  const form = (kind: IField['kind']): ReactElement => (
    <ParameterForm
      fields={fields.filter(field => field.kind === kind)}
      texts={kind === 'secret' ? secrets : texts.fields}
      onChange={(name, text) =>
        kind === 'secret'
          ? change({ secrets: { ...secrets, [name]: text } })
          : change({ texts: { ...texts, fields: { ...texts.fields, [name]: text } } })
      }
      trans={trans}
    />
  );
  const has = (kind: IField['kind']): boolean => fields.some(field => field.kind === kind);
  return (
    <>
      {notes.map(note => (
        <p key={note} className="naavre-Form-note">
          {note}
        </p>
      ))}
      {has('param') && <Section title={trans.__('Parameters')}>{form('param')}</Section>}
      {has('secret') && <Section title={trans.__('Secrets')}>{form('secret')}</Section>}
      {has('conf') && (
        <details className="naavre-Form-section">
          <summary>{trans.__('Constants')}</summary>
          {form('conf')}
        </details>
      )}
      <details
        className="naavre-Form-section"
        open={!!(initial.texts.options.address || initial.texts.options.maxParallelism)}
      >
        <summary>{trans.__('How it runs')}</summary>
        <OptionsForm
          texts={texts.options}
          onChange={options => change({ texts: { ...texts, options } })}
          trans={trans}
        />
      </details>
      <label className="naavre-Form-skip">
        <input
          type="checkbox"
          checked={state.dontAskAgain}
          onChange={event => change({ dontAskAgain: event.target.checked })}
        />
        {trans.__('Don\u2019t ask again (the settings have it back)')}
      </label>
    </>
  );
}

/** A part of a form under a title. */
export function Section(props: { title: string; children: ReactNode }): ReactElement {
  return (
    <fieldset className="naavre-Form-section">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}
