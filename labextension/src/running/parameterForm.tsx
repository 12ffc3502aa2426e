// The fields of a workflow's parameters, as a form.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, type ReactElement, type ReactNode } from 'react';

import { FieldTexts, IField, parseField } from './parameters';

interface IFormProps {
  readonly fields: readonly IField[];
  readonly texts: FieldTexts;
  readonly onChange: (name: string, text: string) => void;
  readonly trans: TranslationBundle;
}

/** One row for each parameter: name and type, the field, and what is wrong with what is typed. */
export function ParameterForm({ fields, texts, onChange, trans }: IFormProps): ReactElement {
  return (
    <div className="naavre-Form">
      {fields.map(field => (
        <ParameterRow
          key={field.name}
          field={field}
          text={texts[field.name] ?? field.initial}
          onChange={text => onChange(field.name, text)}
          trans={trans}
        />
      ))}
    </div>
  );
}

interface IRowProps {
  readonly field: IField;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly trans: TranslationBundle;
}

function ParameterRow({ field, text, onChange, trans }: IRowProps): ReactElement {
  const id = useId();
  const result = field.kind === 'secret' ? { unchanged: true } : parseField(field, text);
  const error = 'error' in result ? result.error : '';
  const isChanged = field.kind !== 'secret' && !('unchanged' in result);
  const help = error || field.fixedBecause;
  return (
    <FormRow
      id={id}
      label={<code>{field.name}</code>}
      hint={field.type}
      help={help}
      isWrong={!!error}
      action={
        isChanged && (
          <button
            type="button"
            className="naavre-Form-reset"
            title={trans.__('Back to the notebook\u2019s value: %1', field.initial || field.source)}
            aria-label={trans.__('Reset %1', field.name)}
            onClick={() => onChange(field.initial)}
          >
            {trans.__('reset')}
          </button>
        )
      }
    >
      <Control field={field} text={text} onChange={onChange} id={id} isWrong={!!error} trans={trans} />
    </FormRow>
  );
}

interface IControlProps extends IRowProps {
  readonly id: string;
  readonly isWrong: boolean;
}

function Control({ field, text, onChange, id, isWrong, trans }: IControlProps): ReactElement {
  if (field.control === 'checkbox') {
    return (
      <input
        id={id}
        type="checkbox"
        checked={text === 'True'}
        onChange={event => onChange(event.target.checked ? 'True' : 'False')}
      />
    );
  }
  const isSecret = field.kind === 'secret';
  return (
    <input
      id={id}
      className={`jp-mod-styled naavre-Form-input${field.control === 'text' || isSecret ? '' : ' naavre-mod-code'}`}
      type={isSecret ? 'password' : 'text'}
      autoComplete={isSecret ? 'new-password' : 'off'}
      spellCheck={false}
      value={field.fixedBecause ? field.source : text}
      disabled={!!field.fixedBecause}
      placeholder={
        isSecret ? trans.__('empty: from the environment') : field.source
      }
      aria-invalid={isWrong}
      aria-describedby={`${id}-help`}
      onChange={event => onChange(event.target.value)}
    />
  );
}

interface IFormRowProps {
  readonly id: string;
  readonly label: ReactNode;
  readonly hint?: string;
  readonly help?: string;
  readonly isWrong?: boolean;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A row of a form: label and type at the left, the field and its help at the right. */
export function FormRow(props: IFormRowProps): ReactElement {
  const { id, label, hint, help, isWrong, action, children } = props;
  return (
    <div className="naavre-Form-row">
      <label className="naavre-Form-label" htmlFor={id}>
        {label}
        {hint && <span className="naavre-Form-type">{hint}</span>}
      </label>
      <div className="naavre-Form-field">
        <div className="naavre-Form-control">
          {children}
          {action}
        </div>
        <div
          id={`${id}-help`}
          className={isWrong ? 'naavre-Form-error' : 'naavre-Form-help'}
          role={isWrong ? 'alert' : undefined}
        >
          {help}
        </div>
      </div>
    </div>
  );
}
