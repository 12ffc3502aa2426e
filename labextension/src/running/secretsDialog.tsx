// The dialog before a run is resumed: its secrets, which nobody has stored.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useState, type ReactElement } from 'react';

import { FormBody } from './formDialog';
import { ParameterForm } from './parameterForm';
import { readSecrets, type FieldTexts, type IField } from './parameters';

export class SecretsForm extends FormBody<Readonly<Record<string, string>>> {
  constructor(
    private readonly _fields: readonly IField[],
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  readonly isValid = true;

  getValue(): Readonly<Record<string, string>> {
    return readSecrets(this._fields, this._texts);
  }

  protected override render(): ReactElement {
    return (
      <SecretsView
        fields={this._fields}
        onChange={texts => {
          this._texts = texts;
        }}
        trans={this._trans}
      />
    );
  }

  private _texts: FieldTexts = {};
}

interface IViewProps {
  readonly fields: readonly IField[];
  readonly onChange: (texts: FieldTexts) => void;
  readonly trans: TranslationBundle;
}

function SecretsView({ fields, onChange, trans }: IViewProps): ReactElement {
  const [texts, setTexts] = useState<FieldTexts>({});
  return (
    <>
      <p className="naavre-Form-note">{trans.__('Secrets aren\u2019t stored with a run: give them again.')}</p>
      <ParameterForm
        fields={fields}
        texts={texts}
        onChange={(name, text) => {
          const next = { ...texts, [name]: text };
          setTexts(next);
          onChange(next);
        }}
        trans={trans}
      />
    </>
  );
}
