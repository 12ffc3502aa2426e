import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Client } from './api/client';
import { WorkflowRegistry } from './model/registry';
import { followSettings, loadSettings } from './model/settings';
import { IWorkflows, PLUGIN_ID } from './tokens';

/** Provides the open notebooks as workflows, and owns the settings of all plugins. */
export const workflowsPlugin: JupyterFrontEndPlugin<IWorkflows> = {
  id: PLUGIN_ID,
  description: 'Compiles open notebooks to workflows while they are edited.',
  autoStart: true,
  provides: IWorkflows,
  requires: [INotebookTracker],
  optional: [ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    registry: ISettingRegistry | null
  ): IWorkflows => {
    let delayMs = 150;
    followSettings(loadSettings(app, registry, PLUGIN_ID), settings => {
      delayMs = settings.get('compileDelay').composite as number;
    });
    return new WorkflowRegistry(new Client(app.serviceManager.serverSettings), tracker, () => delayMs);
  }
};
