// The commands about runs, each for the notebook in front.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';

import { runIcon } from '../icons';
import { isPython } from '../model/notebookContent';
import { telling } from '../model/telling';
import { CommandIDs, type IRunning, type IWorkflows } from '../tokens';
import type { IRunActions } from './runBarStates';
import type { RunController } from './runController';
import type { RunSettings } from './settings';

/** What can be done with the run of one notebook. */
export function runActions(
  app: JupyterFrontEnd,
  controller: RunController,
  settings: RunSettings,
  trans: TranslationBundle
): IRunActions {
  const { workflow } = controller;
  const { client, panel } = workflow;
  return {
    runAgain: () => telling(async () => (await asking()).runAgain(controller, settings, trans)),
    resume: () =>
      telling(async () => {
        const run = controller.run?.summary;
        if (run && run.sweep !== null) {
          await app.commands.execute(CommandIDs.resumeSweep, { id: run.sweep, path: run.path });
        } else {
          await (await asking()).resumeRun(controller, trans);
        }
      }),
    loadResults: () =>
      telling(async () => {
        const { loadResults } = await import('./results');
        const run = controller.run?.summary;
        const names = run && (await loadResults(client, run, panel.sessionContext, trans));
        if (names) {
          const count = trans._n('%1 variable is', '%1 variables are', names.length);
          Notification.success(trans.__('%1 in the kernel: %2', count, names.join(', ')), { autoClose: 5000 });
        }
      }),
    openExecuted: () =>
      telling(async () => {
        const run = controller.run?.summary;
        if (run) {
          const path = await client.executedNotebook(run.id, run.path, run.output !== null);
          await app.commands.execute('docmanager:open', { path });
        }
      })
  };
}

/** What asks before a run, which isn't loaded when JupyterLab starts. */
function asking(): Promise<typeof import('./runNotebook')> {
  return import('./runNotebook');
}

/** Adds the commands. They do nothing where the notebook in front can't do it. */
export function addRunCommands(
  app: JupyterFrontEnd,
  workflows: IWorkflows,
  running: IRunning,
  settings: RunSettings,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const controller = (): RunController | null => {
    const workflow = workflows.current;
    const model = workflow?.panel.model;
    return workflow && model && isPython(model) ? running.controllerOf(workflow) : null;
  };
  const isOver = (): boolean => controller()?.phase === 'over';
  const act = (choose: (actions: IRunActions) => void): void => {
    const current = controller();
    if (current) {
      choose(runActions(app, current, settings, trans));
    }
  };
  commands.addCommand(CommandIDs.runWorkflow, {
    label: trans.__('Run as Workflow'),
    caption: trans.__('Run this notebook in parallel, as a workflow on Ray'),
    icon: runIcon,
    isEnabled: () => controller()?.isActive === false,
    execute: async () => {
      const current = controller();
      if (current) {
        await (await asking()).runNotebook(current, settings, trans);
      }
    }
  });
  commands.addCommand(CommandIDs.stopRun, {
    label: trans.__('Stop the Workflow\u2019s Run'),
    caption: trans.__('Stop the run; what is done is kept'),
    icon: stopIcon,
    isEnabled: () => controller()?.phase === 'running',
    execute: () => controller()?.stop()
  });
  commands.addCommand(CommandIDs.resumeRun, {
    label: trans.__('Resume the Workflow\u2019s Run'),
    caption: trans.__('Run again, without what the last run has done already'),
    icon: refreshIcon,
    isEnabled: () => isOver() && controller()?.run?.end?.status !== 'ok',
    execute: () => act(actions => actions.resume())
  });
  commands.addCommand(CommandIDs.loadResults, {
    label: trans.__('Load the Workflow\u2019s Results into the Kernel\u2026'),
    isEnabled: isOver,
    execute: () => act(actions => actions.loadResults())
  });
  commands.addCommand(CommandIDs.openExecuted, {
    label: trans.__('Open the Executed Notebook'),
    isEnabled: isOver,
    execute: () => act(actions => actions.openExecuted())
  });
}
