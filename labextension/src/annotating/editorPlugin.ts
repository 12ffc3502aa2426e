import { Compartment, type Extension } from '@codemirror/state';
import { ViewPlugin, type EditorView } from '@codemirror/view';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorExtensionRegistry, type CodeMirrorEditor } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, IWorkflows } from '../tokens';
import { EditorContext } from './editorContext';

type Extensions = typeof import('./editorExtensions');

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
    // CodeMirror's completion isn't loaded when JupyterLab starts.
    const load = (): Promise<Extensions> => import('./editorExtensions');
    extensions.addExtension({
      name: 'naavre-ext:annotations',
      factory: ({ model }) => {
        const shared = model.sharedModel as unknown as ISharedCellText;
        if (shared.cell_type !== 'code' || !shared.getId) {
          return null;
        }
        keys.load();
        const context = new EditorContext(keys, workflows, () => shared.getId?.() ?? '');
        const extension = later(load().then(found => found.annotationExtensions(context, trans)));
        return { instance: () => extension, reconfigure: () => null };
      }
    });

    const addEditorCommand = (
      id: string,
      label: string,
      act: (extensions: Extensions, view: EditorView) => boolean
    ): void => {
      app.commands.addCommand(id, {
        label,
        execute: async () => {
          const editor = notebooks.activeCell?.editor as CodeMirrorEditor | null | undefined;
          return editor ? act(await load(), editor.editor) : false;
        }
      });
    };
    addEditorCommand(CommandIDs.acceptCompletion, trans.__('Take the Chosen Annotation'), (found, view) =>
      found.acceptIn(view)
    );
    addEditorCommand(CommandIDs.closeCompletion, trans.__('Close the List of Annotations'), (found, view) =>
      found.closeIn(view)
    );
  }
};

/** An extension that an editor gets as soon as it is there. */
function later(loading: Promise<Extension>): Extension {
  const place = new Compartment();
  return [
    place.of([]),
    ViewPlugin.define(view => {
      let isGone = false;
      void loading.then(extension => {
        if (!isGone) {
          view.dispatch({ effects: place.reconfigure(extension) });
        }
      });
      return {
        destroy: () => {
          isGone = true;
        }
      };
    })
  ];
}
