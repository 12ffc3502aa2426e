import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { ViewPlugin, type EditorView } from '@codemirror/view';

import type { IDiagnostic } from '../api/types';
import type { WorkflowModel } from '../model/workflowModel';
import type { EditorContext } from './editorContext';

const NOTHING = JSON.stringify([]);

/** Underlines what the compiler has found in the cell; the hint says what, why and what to do. */
export function diagnosticUnderlining(context: EditorContext): Extension {
  return ViewPlugin.fromClass(
    class {
      private readonly show: () => void;
      private model: WorkflowModel | null = null;

      constructor(view: EditorView) {
        // A change of an editor has the browser lay out the page: none for cells without fault.
        let shown = NOTHING;
        this.show = () => {
          const found = underlined(view, context.diagnostics);
          const key = JSON.stringify(found, (name, value: unknown) => (name === 'renderMessage' ? 0 : value));
          if (key !== shown) {
            shown = key;
            view.dispatch(setDiagnostics(view.state, found));
          }
        };
        // The editor is made before its notebook's model knows the cell, and may not be changed from here.
        window.setTimeout(() => this.follow());
      }

      destroy(): void {
        this.isGone = true;
        if (this.model && !this.model.isDisposed) {
          this.model.compiled.disconnect(this.show);
        }
      }

      private follow(): void {
        this.model = this.isGone ? null : context.workflowModel;
        if (this.model) {
          this.model.compiled.connect(this.show);
          this.show();
        }
      }

      private isGone = false;
    }
  );
}

function underlined(view: EditorView, diagnostics: readonly IDiagnostic[]): Diagnostic[] {
  const { doc } = view.state;
  return diagnostics.flatMap(diagnostic => {
    if (diagnostic.line === null || diagnostic.line > doc.lines) {
      return [];
    }
    const line = doc.line(diagnostic.line);
    const indent = line.text.length - line.text.trimStart().length;
    return [
      {
        from: line.from + indent,
        to: line.from + line.text.trimEnd().length,
        severity: diagnostic.severity,
        source: diagnostic.code,
        message: diagnostic.message,
        renderMessage: () => messageOf(diagnostic)
      }
    ];
  });
}

function messageOf(diagnostic: IDiagnostic): HTMLElement {
  const dom = document.createElement('div');
  dom.className = 'naavre-Underlined';
  for (const text of [diagnostic.message, diagnostic.remedy].filter(Boolean)) {
    const part = document.createElement('p');
    part.textContent = text;
    dom.append(part);
  }
  return dom;
}
