import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { ISweep } from '../api/client';
import { sweepIcon } from '../icons';
import { isPython, notebookContent } from '../model/notebookContent';
import { askForm } from '../running/formDialog';
import { fieldsOf } from '../running/parameters';
import type { RunController } from '../running/runController';
import { checkedParameters } from '../running/runNotebook';
import { CommandIDs, IRunning, IWorkflows } from '../tokens';
import { EMPTY_SWEEP, SweepForm, type ISweepState } from './sweepForm';
import { SweepModel } from './sweepModel';
import { SweepView } from './sweepView';

/** Runs a notebook once for each row of a table of parameters, and shows the runs in a table. */
export const sweepsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:sweeps',
  description: 'Runs notebooks over tables of parameters.',
  autoStart: true,
  requires: [IWorkflows, IRunning],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    running: IRunning,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const current = (): RunController | null => {
      const workflow = workflows.current;
      const model = workflow?.panel.model;
      return workflow && model && isPython(model) ? running.controllerOf(workflow) : null;
    };
    app.commands.addCommand(CommandIDs.sweep, {
      label: trans.__('Run over a Table of Parameters\u2026'),
      caption: trans.__('Run this notebook as a workflow once for each row of a table'),
      icon: sweepIcon,
      isEnabled: () => current()?.isActive === false,
      execute: async () => {
        const controller = current();
        const sweep = controller && (await startSweep(controller, trans));
        if (controller && sweep) {
          show(app, controller, sweep, trans);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.sweep, category: trans.__('Workflow') });
  }
};

/** What was typed for the last sweep of each notebook, as long as the page lives; never a secret. */
const lastStates = new WeakMap<RunController, ISweepState>();

async function startSweep(
  controller: RunController,
  trans: TranslationBundle
): Promise<ISweep | null> {
  const parameters = await checkedParameters(controller);
  if (parameters === null) {
    return null;
  }
  if (!parameters.some(parameter => parameter.kind === 'param')) {
    const message = trans.__('This notebook has no parameters: assign a name that begins with param_ in a cell.');
    Notification.info(message, { autoClose: 8000 });
    return null;
  }
  const { client, path, panel } = controller.workflow;
  const form = new SweepForm(fieldsOf(parameters), lastStates.get(controller) ?? EMPTY_SWEEP, trans);
  const answer = await askForm(trans.__('Run over a table of parameters'), form, trans.__('Run all'), trans);
  if (!answer) {
    return null;
  }
  lastStates.set(controller, answer.state);
  const { rows, output, jobs, secrets } = answer;
  try {
    return await client.startSweep({
      ...{ path, notebook: notebookContent(panel), rows, output, jobs, secrets },
      options: controller.standardOptions,
      kernel_name: panel.sessionContext.session?.kernel?.name
    });
  } catch (error) {
    controller.fail(error);
    return null;
  }
}

function show(
  app: JupyterFrontEnd,
  controller: RunController,
  sweep: ISweep,
  trans: TranslationBundle
): void {
  const { client, path, panel } = controller.workflow;
  const model = new SweepModel(client, path, sweep);
  const content = new SweepView(
    model,
    {
      show: run => {
        if (!panel.isDisposed && !controller.isActive) {
          controller.follow(run);
          app.shell.activateById(panel.id);
        }
      },
      open: run => {
        client.executedNotebook(run.id, run.path, run.output !== null).then(
          path => app.commands.execute('docmanager:open', { path }),
          (error: unknown) => Notification.error(error instanceof Error ? error.message : String(error))
        );
      }
    },
    trans
  );
  const widget = new MainAreaWidget({ content });
  widget.id = `naavre-${sweep.sweep}`;
  widget.title.label = trans.__('Sweep: %1', PathExt.basename(path));
  widget.title.icon = sweepIcon;
  widget.title.closable = true;
  widget.disposed.connect(() => model.dispose());
  app.shell.add(widget, 'main', { mode: 'split-bottom', ref: panel.id });
  app.shell.activateById(widget.id);
}
