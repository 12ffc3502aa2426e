/** What can be done with a run that is looked at. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunSummary } from '../api/types';
import { openNotebook } from '../model/openNotebook';
import { telling } from '../model/telling';
import type { RunController } from '../running/runController';
import { CommandIDs, type IRunning, type IWorkflows } from '../tokens';

export interface IRunActions {
  open(run: IRunSummary): void;
  /** Opens the table of a sweep, which belongs to the notebook at this path. */
  openSweep(id: string, path: string): void;
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
  onDeleted: (run: IRunSummary) => void,
  trans: TranslationBundle
): IRunActions {
  const { commands, shell } = app;
  const { client } = workflows;

  const notebookOf = (run: IRunSummary): Promise<NotebookPanel> => openNotebook(commands, notebooks, run.path, trans);

  return {
    open: run => void commands.execute(CommandIDs.openRun, { id: run.id, path: run.path }),
    openSweep: (id, path) => void commands.execute(CommandIDs.openSweep, { id, path }),
    show: run =>
      telling(async () => {
        const panel = await notebookOf(run);
        workflows.modelOf(panel).showRun(run);
        await commands.execute(CommandIDs.showWorkflow, { path: run.path });
      }),
    stop: run => telling(() => client.cancelRun(run.id, run.path)),
    resume: run =>
      telling(async () => {
        if (run.sweep !== null) {
          await commands.execute(CommandIDs.resumeSweep, { id: run.sweep, path: run.path });
          return;
        }
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
        const { resumeRun } = await import('../running/runNotebook');
        await resumeRun(controller, trans);
      }),
    openExecuted: run =>
      telling(async () => {
        const path = await client.executedNotebook(run.id, run.path, run.output !== null);
        await commands.execute('docmanager:open', { path });
      }),
    loadResults: run =>
      telling(async () => {
        const panel = await notebookOf(run);
        shell.activateById(panel.id);
        const { loadResults } = await import('../running/results');
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
        await client.deleteRun(run.id, run.path);
        onDeleted(run);
        return true;
      } catch (error) {
        Notification.error(error instanceof Error ? error.message : String(error), { autoClose: false });
        return false;
      }
    },
    goToCell: (run, cellId) =>
      telling(async () => {
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
