import type { TranslationBundle } from '@jupyterlab/translation';

/** An input of the form. `flag`: an annotation that is there or not, `off` one that is `off` or not there. */
export interface IField {
  readonly key: string;
  readonly label: string;
  readonly kind: 'text' | 'flag' | 'off';
  readonly placeholder?: string;
}

export interface ISection {
  readonly id: string;
  readonly title: string;
  readonly fields: readonly IField[];
}

/** All annotations of a cell but its title, in the order of the form. */
export function formSections(trans: TranslationBundle): ISection[] {
  return [
    {
      id: 'splitting',
      title: trans.__('Splitting'),
      fields: [
        { key: 'batches', label: trans.__('Batches'), kind: 'text', placeholder: trans.__('auto') },
        { key: 'concurrency', label: trans.__('At a time'), kind: 'text', placeholder: trans.__('all') },
        { key: 'over', label: trans.__('Whole cell over'), kind: 'text', placeholder: trans.__('input names') },
        { key: 'merge', label: trans.__('Joining'), kind: 'text', placeholder: trans.__('output names') }
      ]
    },
    {
      id: 'running',
      title: trans.__('Running'),
      fields: [
        { key: 'retries', label: trans.__('Retries'), kind: 'text', placeholder: '0' },
        { key: 'timeout', label: trans.__('Time limit'), kind: 'text', placeholder: trans.__('none') },
        { key: 'resources', label: trans.__('Resources'), kind: 'text', placeholder: 'num_cpus=1' },
        { key: 'cache', label: trans.__('Never reuse its result'), kind: 'off' }
      ]
    },
    {
      id: 'place',
      title: trans.__('Worker and container'),
      fields: [
        { key: 'group', label: trans.__('Group'), kind: 'text', placeholder: trans.__('none') },
        { key: 'replicas', label: trans.__('Replicas'), kind: 'text', placeholder: '1' },
        { key: 'image', label: trans.__('Image'), kind: 'text', placeholder: trans.__('default') }
      ]
    }
  ];
}
