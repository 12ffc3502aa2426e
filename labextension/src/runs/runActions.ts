/** What can be done with a run that is looked at. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunSummary } from '../api/types';
import { loadResults } from '../running/results';
import type { RunController } from '../running/runController';
import { resumeRun } from '../running/runNotebook';
import { CommandIDs, type IRunning, type IWorkflows } from '../tokens';

export interface IRunActions {
  open(run: IRunSummary): void;
  /** Shows the states of its steps in the notebook's workflow panel. */
  show(run: IRunSummary): void;
  stop(run: IRunSummary): void;
  resume(run: IRunSummary): void;
  openExecuted(run: IRunSummary): void;
  loadResults(run: IRunSummary): void;
  /** Asks first; whether it was deleted. */
  remove(run: IRunSummary): Promise<boolean>;
  goToCell(run: IRunSummary, cellId: string): void;
}

export function runActions(
  app: JupyterFrontEnd,
  workflows: IWorkflows,
  notebooks: INotebookTracker,
  running: IRunning | null,
  remove: (run: IRunSummary) => Promise<void>,
  trans: TranslationBundle
): IRunActions {
  const { commands, shell } = app;
  const { client } = workflows;

  /** The run's notebook, opened if it isn't. */
  const notebookOf = async (run: IRunSummary): Promise<NotebookPanel> => {
    const find = (): NotebookPanel | undefined => notebooks.find(panel => panel.context.path === run.path);
    let panel = find();
    if (!panel) {
      await commands.execute('docmanager:open', { path: run.path });
      panel = find();
    }
    if (!panel) {
      throw new Error(trans.__("The notebook %1 can't be opened.", run.path));
    }
    await panel.context.ready;
    return panel;
  };
  const doing = (action: () => Promise<void>): void => {
    action().catch((error: unknown) => {
      Notification.error(error instanceof Error ? error.message : String(error), { autoClose: false });
    });
  };

  return {
    open: run => void commands.execute(CommandIDs.openRun, { id: run.id, path: run.path }),
    show: run =>
      doing(async () => {
        const panel = await notebookOf(run);
        workflows.modelOf(panel).showRun(run);
        await commands.execute(CommandIDs.showWorkflow, { path: run.path });
      }),
    stop: run => doing(() => client.cancelRun(run.id, run.path)),
    resume: run =>
      doing(async () => {
        const panel = await notebookOf(run);
        shell.activateById(panel.id);
        const controller = running?.controllerOf(workflows.modelOf(panel));
        if (!controller) {
          return;
        }
        if (controller.isActive) {
          throw new Error(trans.__('This notebook is being run. Stop that run first.'));
        }
        if (controller.run?.id !== run.id) {
          await followed(controller, run);
        }
        await resumeRun(controller, trans);
      }),
    openExecuted: run =>
      doing(async () => {
        const path = await client.executedNotebook(run.id, run.path);
        await commands.execute('docmanager:open', { path });
      }),
    loadResults: run =>
      doing(async () => {
        const panel = await notebookOf(run);
        shell.activateById(panel.id);
        const names = await loadResults(client, run, panel.sessionContext, trans);
        if (names) {
          Notification.success(trans.__('In the kernel now: %1', names.join(', ')), { autoClose: 5000 });
        }
      }),
    remove: async run => {
      const { button } = await showDialog({
        title: trans.__('Delete this run?'),
        body: trans.__('Its record, logs and stored results are deleted for good. Notebooks stay as they are.'),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })]
      });
      if (!button.accept) {
        return false;
      }
      try {
        await remove(run);
        return true;
      } catch (error) {
        Notification.error(error instanceof Error ? error.message : String(error), { autoClose: false });
        return false;
      }
    },
    goToCell: (run, cellId) =>
      doing(async () => {
        const panel = await notebookOf(run);
        shell.activateById(panel.id);
        workflows.modelOf(panel).selectCell(cellId);
      })
  };
}

/** Has the notebook follow a run that is over, to its end. */
function followed(controller: RunController, run: IRunSummary): Promise<void> {
  return new Promise(resolve => {
    const onEnded = (): void => {
      controller.ended.disconnect(onEnded);
      resolve();
    };
    controller.ended.connect(onEnded);
    controller.follow(run, false);
  });
}
