import type { Completion } from '@codemirror/autocomplete';

import type { ICellCheck, IWorkflow } from '../api/types';

const named = (labels: readonly string[], detail: string): Completion[] =>
  [...new Set(labels)].map(label => ({ label, detail, type: 'variable' }));

/** What may be written for an annotation of this cell; empty where only the user can know. */
export function valueOptions(
  key: string,
  check: ICellCheck | null,
  workflow: IWorkflow | null
): Completion[] {
  switch (key) {
    case 'over':
      return named(check?.reads.map(read => read.name) ?? [], 'read by this cell');
    case 'merge':
      return named(check?.writes ?? [], 'made by this cell');
    case 'batches': {
      const numbers = workflow?.parameters.filter(parameter => parameter.type_name === 'int') ?? [];
      return [
        { label: 'auto', detail: 'sized while running', boost: 1 },
        ...named(numbers.map(parameter => parameter.name), 'parameter')
      ];
    }
    case 'group':
      return named(workflow?.steps.flatMap(step => step.group ?? []) ?? [], 'group of this notebook');
    case 'resources':
      return ['num_cpus=', 'num_gpus=', 'memory='].map(label => ({ label, type: 'property' }));
    case 'cache':
      return [{ label: 'off', detail: 'never reuse its result' }, { label: 'on' }];
    case 'timeout':
      return ['30s', '10m', '1h'].map(label => ({ label }));
    case 'image':
      return named(workflow?.steps.flatMap(step => step.image ?? []) ?? [], 'image of this notebook');
    default:
      return [];
  }
}
