import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  selectedCompletionIndex,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult
} from '@codemirror/autocomplete';
import { Prec, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

import type { IAnnotationKey } from '../api/types';
import { DO_NOT_CONTAINERIZE, findAnnotations, isAllowed, scopeAt } from './annotationText';
import type { EditorContext } from './editorContext';
import { valueOptions } from './valueOptions';

const KEY_BEGUN = /^\s*#[^\S\n]*([A-Za-z-]*)$/;
const VALUE_BEGUN = /^\s*#[^\S\n]*([A-Za-z][\w-]*)\s*:\s*(?:[^#]*[,\s])?([\w.:=-]*)$/;

/** Is on the editor while the list is open, and when Tab would open it: shortcuts are bound to these. */
const OPEN_CLASS = 'naavre-mod-completing';

/** Completion of annotation keys and values, in comments where they count. */
export function annotationCompletion(context: EditorContext): Extension {
  return [
    autocompletion({
      override: [completion => complete(context, completion)],
      icons: false,
      activateOnTypingDelay: 50,
      interactionDelay: 0,
      // Return ends an ordinary comment that begins like an annotation; only Tab takes what wasn't chosen.
      selectOnOpen: false,
      optionClass: () => 'naavre-Completion'
    }),
    EditorView.editorAttributes.of(view => ({
      class: completionStatus(view.state) === 'active' ? OPEN_CLASS : ''
    })),
    // JupyterLab would leave the cell on an arrow key in its first or last line.
    Prec.highest(EditorView.domEventHandlers({ keydown: (event, view) => moveInList(event, view) }))
  ];
}

/** Takes the chosen option, else the first one; false when no list is open. */
export function acceptIn(view: EditorView): boolean {
  if (selectedCompletionIndex(view.state) === null) {
    moveCompletionSelection(true)(view);
  }
  return acceptCompletion(view);
}

/** Closes the list; false when none is open. */
export function closeIn(view: EditorView): boolean {
  return closeCompletion(view);
}

function moveInList(event: KeyboardEvent, view: EditorView): boolean {
  const isMove = event.key === 'ArrowUp' || event.key === 'ArrowDown';
  if (!isMove || completionStatus(view.state) !== 'active') {
    return false;
  }
  return moveCompletionSelection(event.key === 'ArrowDown')(view);
}

function complete(context: EditorContext, completion: CompletionContext): CompletionResult | null {
  const { state, pos } = completion;
  const line = state.doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  if (!/^\s*#/.test(before)) {
    return null;
  }
  const text = state.doc.toString();
  const scope = scopeAt(text, pos);
  if (!scope) {
    return null;
  }
  const key = KEY_BEGUN.exec(before);
  if (key && (key[1] || completion.explicit)) {
    const others = findAnnotations(text, context.keys.names).filter(
      spot => spot.scope === scope && (spot.to < line.from || spot.from > line.to)
    );
    const taken = new Set(scope === 'cell' ? others.map(spot => spot.key) : []);
    const options = context.keys.rows
      .filter(row => isAllowed(row.key, scope) && !taken.has(row.key))
      .map(keyOption);
    return { from: pos - key[1].length, options, validFor: /^[A-Za-z-]*$/ };
  }
  const value = VALUE_BEGUN.exec(before);
  const row = value && context.keys.row(value[1].toLowerCase());
  if (!value || !row) {
    return null;
  }
  const options = valueOptions(row.key, context.check, context.workflow);
  return options.length ? { from: pos - value[2].length, options, validFor: /^[\w.:=-]*$/ } : null;
}

function keyOption(row: IAnnotationKey): Completion {
  const isMark = row.key === DO_NOT_CONTAINERIZE;
  return {
    label: row.key,
    displayLabel: isMark ? '(do not containerize!)' : row.key,
    detail: isMark ? '' : row.expects,
    info: row.summary,
    type: 'keyword',
    apply: isMark
      ? '(do not containerize!)'
      : (view, _, from, to) => {
          const text = `${row.key}: `;
          view.dispatch({
            changes: { from, to, insert: text },
            selection: { anchor: from + text.length },
            userEvent: 'input.complete'
          });
          startCompletion(view);
        }
  };
}
