import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { annotateIcon } from '../icons';
import { LazyWidget } from '../model/lazyWidget';
import { CommandIDs, IWorkflows } from '../tokens';
import { DO_NOT_CONTAINERIZE } from './annotationText';
import { defaultTitle } from './defaultTitle';

/** The form in the right sidebar, and the commands that annotate the selected cell. */
export const formPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:annotation-form',
  description: 'Shows and edits the annotations of the selected cell.',
  autoStart: true,
  requires: [IWorkflows, INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const { commands, shell } = app;
    const sidebar = new LazyWidget(async () => {
      const { AnnotationSidebar } = await import('./form/sidebar');
      return new AnnotationSidebar(workflows, workflows.keys, trans);
    });
    sidebar.id = 'naavre-ext-annotations';
    sidebar.title.icon = annotateIcon;
    sidebar.title.caption = trans.__('Annotations');
    shell.add(sidebar, 'right', { rank: 600, type: 'Annotations' });

    const category = trans.__('Workflow');
    const add = (id: string, label: string, execute: () => void, isToggled?: () => boolean): void => {
      commands.addCommand(id, {
        label,
        execute,
        isEnabled: () => notebooks.activeCell?.model.type === 'code',
        ...(isToggled ? { isToggled } : {}),
        ...(id === CommandIDs.editAnnotations ? { icon: annotateIcon } : {})
      });
      palette?.addItem({ command: id, category });
    };

    const annotation = (key: string): string | undefined => {
      const model = workflows.current;
      const id = model?.selectedCellId;
      return model && id ? model.compilation.annotations(id)[key] : undefined;
    };
    const toggle = (key: string, value: (title: string) => string): void => {
      const model = workflows.current;
      const id = model?.selectedCellId;
      if (!model || !id) {
        return;
      }
      const isSet = annotation(key) !== undefined;
      const title = defaultTitle(model.compilation.check(id), trans);
      model.annotate(id, [{ key, value: isSet ? null : value(title) }]).catch((error: unknown) => {
        Notification.error(error instanceof Error ? error.message : String(error));
      });
    };
    add(CommandIDs.editAnnotations, trans.__('Annotate Cell'), () => shell.activateById(sidebar.id));
    add(
      CommandIDs.splitCell,
      trans.__('Split the Cell’s Loops'),
      () => toggle('split', title => title),
      () => annotation('split') !== undefined
    );
    add(
      CommandIDs.keepOutOfWorkflow,
      trans.__('Keep Cell out of Workflows'),
      () => toggle(DO_NOT_CONTAINERIZE, () => ''),
      () => annotation(DO_NOT_CONTAINERIZE) !== undefined
    );
  }
};
