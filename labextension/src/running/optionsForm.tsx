// How a run is run: where, how much at once, and whether stored results are used.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, type ReactElement } from 'react';

import { parallelismError, type IOptionTexts } from './optionTexts';
import { FormRow } from './parameterForm';

interface IOptionsProps {
  readonly texts: IOptionTexts;
  readonly onChange: (texts: IOptionTexts) => void;
  readonly trans: TranslationBundle;
}

export function OptionsForm({ texts, onChange, trans }: IOptionsProps): ReactElement {
  const id = useId();
  const error = parallelismError(texts.maxParallelism);
  return (
    <div className="naavre-Form">
      <FormRow id={`${id}-address`} label={trans.__('Ray cluster')}>
        <input
          id={`${id}-address`}
          className="jp-mod-styled naavre-Form-input"
          value={texts.address}
          spellCheck={false}
          placeholder={trans.__('a Ray on this machine; or HOST:PORT')}
          onChange={event => onChange({ ...texts, address: event.target.value })}
        />
      </FormRow>
      <FormRow
        id={`${id}-limit`}
        label={trans.__('At most at once')}
        help={error && trans.__(error)}
        isWrong={!!error}
      >
        <input
          id={`${id}-limit`}
          className="jp-mod-styled naavre-Form-input"
          value={texts.maxParallelism}
          inputMode="numeric"
          placeholder={trans.__('as many cells and batches as there are CPUs')}
          aria-invalid={!!error}
          aria-describedby={`${id}-limit-help`}
          onChange={event => onChange({ ...texts, maxParallelism: event.target.value })}
        />
      </FormRow>
      <FormRow
        id={`${id}-cache`}
        label={trans.__('Store results')}
        help={trans.__('So that a run that fails can be resumed.')}
      >
        <input
          id={`${id}-cache`}
          type="checkbox"
          checked={texts.useCache}
          onChange={event => onChange({ ...texts, useCache: event.target.checked })}
        />
      </FormRow>
    </div>
  );
}
