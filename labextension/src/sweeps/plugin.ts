import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { sweepIcon } from '../icons';
import { isPython } from '../model/notebookContent';
import { openNotebook } from '../model/openNotebook';
import { showCommand } from '../model/showCommand';
import { telling } from '../model/telling';
import type { RunController } from '../running/runController';
import { CommandIDs, IRunning, IWorkflows } from '../tokens';
import type { ISweepActions, SweepView } from './sweepView';

/** Runs a notebook once for each row of a table of parameters, and shows the runs in a table. */
export const sweepsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:sweeps',
  description: 'Runs notebooks over tables of parameters.',
  autoStart: true,
  requires: [IWorkflows, IRunning, INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    running: IRunning,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const { client } = workflows;
    const tracker = new WidgetTracker<MainAreaWidget<SweepView>>({ namespace: 'naavre-sweep' });
    const current = (): RunController | null => {
      const workflow = workflows.current;
      const model = workflow?.panel.model;
      return workflow && model && isPython(model) ? running.controllerOf(workflow) : null;
    };
    const actions: ISweepActions = {
      show: run =>
        telling(async () => {
          const panel = await openNotebook(commands, notebooks, run.path, trans);
          const controller = running.controllerOf(workflows.modelOf(panel));
          if (controller.isActive && controller.run?.id !== run.id && controller.run?.summary.sweep === null) {
            throw new Error(trans.__('This notebook is being run. Stop that run first.'));
          }
          controller.follow(run);
          shell.activateById(panel.id);
        }),
      open: run =>
        telling(async () => {
          const path = await client.executedNotebook(run.id, run.path, run.output !== null);
          await commands.execute('docmanager:open', { path });
        }),
      look: run => void commands.execute(CommandIDs.openRun, { id: run.id, path: run.path }),
      resume: ({ id, path }) => telling(() => resume(id, path))
    };

    /** Has the rows run again that didn't end well, and shows them. */
    const resume = async (id: string, path: string): Promise<void> => {
      const panel = await openNotebook(commands, notebooks, path, trans);
      const { resumeSweep } = await import('./startSweep');
      if (await resumeSweep(running.controllerOf(workflows.modelOf(panel)), id, trans)) {
        await commands.execute(CommandIDs.openSweep, { id, path });
        await tracker.find(open => open.content.model?.id === id)?.content.model?.refresh();
      }
    };

    /** The table of a sweep as a widget that isn't in the shell yet. */
    const create = async (id: string, path: string): Promise<MainAreaWidget<SweepView>> => {
      const [{ SweepModel }, { SweepView }, { notifySweepEnd }] = await Promise.all([
        import('./sweepModel'),
        import('./sweepView'),
        import('./notifySweep')
      ]);
      const model = new SweepModel(client, path, id);
      let told = '';
      model.ended.connect(() => {
        told = notifySweepEnd(model, () => void commands.execute(CommandIDs.openSweep, { id, path }), trans);
      });
      model.stateChanged.connect(() => {
        if (told && model.isActive) {
          Notification.dismiss(told); // its rows run again
          told = '';
        }
      });
      const widget = new MainAreaWidget({ content: new SweepView(model, actions, trans) });
      widget.id = `naavre-${id}`;
      widget.toolbar.hide();
      widget.title.label = trans.__('Sweep: %1', PathExt.basename(path));
      widget.title.caption = trans.__('Runs of %1 over a table of parameters', path);
      widget.title.icon = sweepIcon;
      widget.title.closable = true;
      widget.disposed.connect(() => model.dispose());
      return widget;
    };

    commands.addCommand(
      CommandIDs.openSweep,
      showCommand(
        {
          label: trans.__('Open the Table of a Sweep'),
          describedId: trans.__('The id of the sweep'),
          shell,
          // Notebook 7 has room for one widget in its main area.
          area: labShell ? 'main' : 'right',
          tracker,
          idOf: open => open.content.model?.id,
          create,
          placed: path => {
            const notebook = notebooks.find(panel => panel.context.path === path);
            return { mode: 'split-bottom', ref: notebook?.id ?? null };
          }
        },
        trans
      )
    );
    commands.addCommand(CommandIDs.resumeSweep, {
      label: trans.__('Resume a Sweep'),
      caption: trans.__('Run the rows again that didn\u2019t end well'),
      execute: args => resume(String(args.id), String(args.path)),
      describedBy: {
        args: {
          type: 'object',
          required: ['id', 'path'],
          properties: {
            id: { type: 'string', description: trans.__('The id of the sweep') },
            path: { type: 'string', description: trans.__('The path of its notebook') }
          }
        }
      }
    });
    commands.addCommand(CommandIDs.sweep, {
      label: trans.__('Run over a Table of Parameters\u2026'),
      caption: trans.__('Run this notebook as a workflow once for each row of a table'),
      icon: sweepIcon,
      isEnabled: () => current()?.isActive === false,
      execute: async () => {
        const controller = current();
        const { startSweep } = await import('./startSweep');
        const sweep = controller && (await startSweep(controller, trans));
        if (controller && sweep) {
          await commands.execute(CommandIDs.openSweep, { id: sweep.sweep, path: controller.workflow.path });
        }
      }
    });
    palette?.addItem({ command: CommandIDs.sweep, category: trans.__('Workflow') });
    void restorer?.restore(tracker, {
      command: CommandIDs.openSweep,
      args: widget => ({ id: widget.content.model?.id ?? '', path: widget.content.model?.path ?? '' }),
      name: widget => widget.content.model?.id ?? '',
      // The notebooks come first: a table stands below its notebook.
      when: notebooks.restored
    });
  }
};
