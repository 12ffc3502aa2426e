import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

import type { ICellCheck } from '../../api/types';
import type { WorkflowModel } from '../../model/workflowModel';
import { DO_NOT_CONTAINERIZE } from '../annotationText';
import { defaultTitle } from '../defaultTitle';
import type { KeyTable } from '../../model/keyTable';
import { valueOptions } from '../valueOptions';
import { formSections, type IField, type ISection } from './fields';
import { FlagInput, TextInput } from './inputs';

interface IAnnotationForm {
  readonly model: WorkflowModel;
  readonly cellId: string;
  readonly check: ICellCheck | null;
  readonly keys: KeyTable;
  readonly trans: TranslationBundle;
}

/** The annotations of a cell as inputs; what is written goes into the cell's comments. */
export function AnnotationForm(props: IAnnotationForm): ReactElement {
  const { model, cellId, check, keys, trans } = props;
  const { compilation } = model;
  const written = compilation.annotations(cellId);
  const set = (key: string, value: string | null): Promise<void> =>
    model.annotate(cellId, [{ key, value }]);
  const help = (key: string): string => {
    const row = keys.row(key);
    return row ? `${row.summary} ${trans.__('Write %1.', row.expects)}` : '';
  };
  const note = (key: string): string | undefined =>
    written[key] !== undefined && keys.row(key)?.in_effect === false
      ? trans.__('Not in effect yet.')
      : undefined;

  const isOut = written[DO_NOT_CONTAINERIZE] !== undefined;
  const isSplit = written.split !== undefined;
  const inputOf = (field: IField): ReactElement => {
    if (field.kind === 'text') {
      const options = valueOptions(field.key, check, compilation.lastGood.workflow);
      return (
        <TextInput
          key={field.key}
          label={field.label}
          value={written[field.key] ?? ''}
          help={help(field.key)}
          note={note(field.key)}
          placeholder={field.placeholder}
          options={options.map(option => option.label)}
          commit={text => set(field.key, text || null)}
        />
      );
    }
    return (
      <FlagInput
        key={field.key}
        label={field.label}
        checked={written[field.key]?.toLowerCase() === 'off'}
        help={keys.row(field.key)?.summary ?? ''}
        note={note(field.key)}
        commit={checked => set(field.key, checked ? 'off' : null)}
      />
    );
  };
  const sectionOf = (section: ISection): ReactElement => {
    const used = section.fields.filter(field => written[field.key] !== undefined).length;
    return (
      <details key={section.id} className="naavre-Section" open={used > 0 || section.id === 'splitting'}>
        <summary>
          {section.title}
          {used > 0 && <span className="naavre-Count">{used}</span>}
        </summary>
        <div className="naavre-Fields">{section.fields.map(inputOf)}</div>
      </details>
    );
  };
  return (
    <div className="naavre-Form">
      <FlagInput
        label={trans.__('Split its loops over workers')}
        checked={isSplit}
        help={keys.row('split')?.summary ?? ''}
        commit={checked => set('split', checked ? defaultTitle(check, trans) : null)}
      />
      {isSplit && (
        <TextInput
          label={trans.__('Title')}
          isWide
          value={written.split}
          help={help('split')}
          commit={text =>
            text ? set('split', text) : Promise.reject(new Error(trans.__('A split cell has a title.')))
          }
        />
      )}
      <FlagInput
        label={trans.__('Only in the notebook, not in the workflow')}
        checked={isOut}
        help={keys.row(DO_NOT_CONTAINERIZE)?.summary ?? ''}
        commit={checked => set(DO_NOT_CONTAINERIZE, checked ? '' : null)}
      />
      {!isOut && formSections(trans).map(sectionOf)}
    </div>
  );
}
