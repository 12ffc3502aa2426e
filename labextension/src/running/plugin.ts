import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { loadSettings } from '../model/settings';
import { CommandIDs, IRunning, IWorkflows, PLUGIN_ID } from '../tokens';
import { addRunCommands, runActions } from './commands';
import { BrowserMemory, StateMemory } from './memory';
import { RunningNotebooks } from './runningNotebooks';
import { RunSettings } from './settings';

/** Runs notebooks as workflows: the button, the dialog, outputs in the cells, the bar at the top, the results. */
export const runningPlugin: JupyterFrontEndPlugin<IRunning> = {
  id: 'naavre-ext:running',
  description: 'Runs notebooks as workflows and brings outputs and results into them.',
  autoStart: true,
  provides: IRunning,
  requires: [IWorkflows],
  optional: [ISettingRegistry, ITranslator, ICommandPalette, IStateDB, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    labShell: ILabShell | null
  ): IRunning => {
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const settings = new RunSettings(loadSettings(app, registry, PLUGIN_ID));
    const running = new RunningNotebooks({
      workflows,
      memory: labShell ? new StateMemory(state) : new BrowserMemory(app.serviceManager.serverSettings.baseUrl),
      settings,
      trans,
      actions: controller => runActions(app, controller, settings, trans),
      show: panel => app.shell.activateById(panel.id),
      onChanged: () => app.commands.notifyCommandChanged()
    });
    addRunCommands(app, workflows, running, settings, trans);
    const category = trans.__('Workflow');
    for (const command of Object.values(CommandIDs).filter(id => app.commands.hasCommand(id))) {
      palette?.addItem({ command, category });
    }
    return running;
  }
};
