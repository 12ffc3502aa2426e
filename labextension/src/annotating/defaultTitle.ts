import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICellCheck } from '../api/types';

/** What a cell is called that is split and has no title yet. */
export function defaultTitle(check: ICellCheck | null, trans: TranslationBundle): string {
  const made = check?.loops.flatMap(loop => loop.reductions)[0] ?? check?.writes[0];
  return made ? trans.__('make %1', made) : trans.__('step');
}
