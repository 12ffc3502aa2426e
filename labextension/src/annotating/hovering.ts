import type { Extension } from '@codemirror/state';
import { hoverTooltip, type Tooltip } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IAnnotationKey } from '../api/types';
import { findAnnotations } from './annotationText';
import type { EditorContext } from './editorContext';

/** Help on the annotation under the pointer. */
export function annotationHelp(context: EditorContext, trans: TranslationBundle): Extension {
  return hoverTooltip((view, pos): Tooltip | null => {
    const spots = findAnnotations(view.state.doc.toString(), context.keys.names);
    const spot = spots.find(found => found.from <= pos && pos <= Math.max(found.valueFrom, found.keyTo));
    const row = spot && context.keys.row(spot.key);
    if (!spot || !row) {
      return null;
    }
    return { pos: spot.from, end: spot.to, above: true, create: () => ({ dom: helpOn(row, trans) }) };
  });
}

function helpOn(row: IAnnotationKey, trans: TranslationBundle): HTMLElement {
  const dom = document.createElement('div');
  dom.className = 'naavre-Help';
  const add = (tag: string, text: string): void => {
    const part = document.createElement(tag);
    part.textContent = text;
    dom.append(part);
  };
  add('p', row.summary);
  add('p', trans.__('Write %1.', row.expects));
  add('code', `# ${row.example}`);
  if (!row.in_effect) {
    add('em', trans.__('Not in effect yet: it is read and checked only.'));
  }
  return dom;
}
