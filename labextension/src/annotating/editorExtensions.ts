/** All that an editor of a code cell gets. Loaded when the first one is opened. */

import type { Extension } from '@codemirror/state';
import type { TranslationBundle } from '@jupyterlab/translation';

import { annotationCompletion } from './completion';
import type { EditorContext } from './editorContext';
import { annotationHighlighting } from './highlighting';
import { annotationHelp } from './hovering';
import { diagnosticUnderlining } from './underlining';

export { acceptIn, closeIn } from './completion';

export function annotationExtensions(context: EditorContext, trans: TranslationBundle): Extension {
  return [
    annotationHighlighting(context.keys),
    annotationCompletion(context),
    annotationHelp(context, trans),
    diagnosticUnderlining(context)
  ];
}
