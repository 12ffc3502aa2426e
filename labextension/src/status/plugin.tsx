import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, IWorkflows } from '../tokens';
import { StatusItem, StatusModel } from './statusItem';

/** The number of steps of the workflow in front, in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:status',
  description: 'Shows in the status bar what the notebook compiles to.',
  autoStart: true,
  requires: [IWorkflows],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!statusBar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const model = new StatusModel(workflows);
    const { commands } = app;
    const open = (): void => {
      const target = [CommandIDs.showWorkflow, CommandIDs.editAnnotations].find(id => commands.hasCommand(id));
      if (target) {
        void commands.execute(target);
      }
    };
    statusBar.registerStatusItem('naavre-ext:status', {
      item: new StatusItem(model, trans, open),
      align: 'left',
      rank: 20,
      isActive: () => model.isShown,
      activeStateChanged: model.stateChanged
    });
  }
};
