import type { EditorView } from '@codemirror/view';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorExtensionRegistry, type CodeMirrorEditor } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, IWorkflows } from '../tokens';
import { acceptIn, annotationCompletion, closeIn } from './completion';
import { EditorContext } from './editorContext';
import { annotationHighlighting } from './highlighting';
import { annotationHelp } from './hovering';
import { diagnosticUnderlining } from './underlining';

/** What cells' shared models have beside those of text files. */
interface ISharedCellText {
  readonly cell_type?: string;
  getId?(): string;
}

/** Annotations in the cell editors: colours, completion, help, and what is wrong with them. */
export const editorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:annotation-editor',
  description: 'Completes, colours, explains and checks annotations in the cell editors.',
  autoStart: true,
  requires: [IWorkflows, IEditorExtensionRegistry, INotebookTracker],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    extensions: IEditorExtensionRegistry,
    notebooks: INotebookTracker,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const { keys } = workflows;
    extensions.addExtension({
      name: 'naavre-ext:annotations',
      factory: ({ model }) => {
        const shared = model.sharedModel as unknown as ISharedCellText;
        if (shared.cell_type !== 'code' || !shared.getId) {
          return null;
        }
        keys.load();
        const context = new EditorContext(keys, workflows, () => shared.getId?.() ?? '');
        const extension = [
          annotationHighlighting(keys),
          annotationCompletion(context),
          annotationHelp(context, trans),
          diagnosticUnderlining(context)
        ];
        return { instance: () => extension, reconfigure: () => null };
      }
    });

    const addEditorCommand = (id: string, label: string, act: (view: EditorView) => boolean): void => {
      app.commands.addCommand(id, {
        label,
        execute: () => {
          const editor = notebooks.activeCell?.editor as CodeMirrorEditor | null | undefined;
          return editor ? act(editor.editor) : false;
        }
      });
    };
    addEditorCommand(CommandIDs.acceptCompletion, trans.__('Take the Chosen Annotation'), acceptIn);
    addEditorCommand(CommandIDs.closeCompletion, trans.__('Close the List of Annotations'), closeIn);
  }
};
