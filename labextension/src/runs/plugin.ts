import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { IRunSummary } from '../api/types';
import { CommandIDs, IRunning, IWorkflows } from '../tokens';
import { LazyWidget } from '../model/lazyWidget';
import { showCommand } from '../model/showCommand';
import { runsIcon } from './icons';
import { runActions } from './runActions';
import type { RunView } from './runView';

const RANK = 650;

/** The runs of a notebook: a list in the sidebar, and each run's timeline and logs in the main area. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:runs',
  description: 'Lists the runs of notebooks, and shows where their time went.',
  autoStart: true,
  requires: [IWorkflows, INotebookTracker],
  optional: [IRunning, ICommandPalette, ILayoutRestorer, ITranslator, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    notebooks: INotebookTracker,
    running: IRunning | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
    labShell: ILabShell | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const tracker = new WidgetTracker<MainAreaWidget<RunView>>({ namespace: 'naavre-run' });
    const deleted = new Signal<object, IRunSummary>({});
    const actions = runActions(app, workflows, notebooks, running, run => deleted.emit(run), trans);
    const sidebar: LazyWidget = new LazyWidget(async () => {
      const [{ RunsModel }, { RunsSidebar }] = await Promise.all([import('./runsModel'), import('./runsSidebar')]);
      const model = new RunsModel(workflows, () => sidebar.isVisible);
      deleted.connect((_, run) => model.forget(run));
      return new RunsSidebar({ model, actions, trans });
    });
    sidebar.id = 'naavre-runs';
    sidebar.title.icon = runsIcon;
    sidebar.title.caption = trans.__('Runs of the workflow');
    shell.add(sidebar, 'left', { rank: RANK, type: 'NaaVRE runs' });
    restorer?.add(sidebar, sidebar.id);

    commands.addCommand(CommandIDs.showRuns, {
      label: trans.__('Show Runs of the Notebook'),
      icon: runsIcon,
      execute: () => shell.activateById(sidebar.id),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    commands.addCommand(
      CommandIDs.openRun,
      showCommand(
        {
          label: trans.__('Open Run'),
          describedId: trans.__('The id of the run'),
          shell,
          // Notebook 7 has room for one widget in its main area.
          area: labShell ? 'main' : 'right',
          tracker,
          idOf: open => open.content.document.id,
          create: async (id, path) => {
            const [{ RunDocument }, { RunView }] = await Promise.all([import('./runDocument'), import('./runView')]);
            const content = new RunView(new RunDocument(workflows.client, id, path), actions, trans);
            const widget = new MainAreaWidget({ content });
            widget.id = content.id;
            widget.toolbar.hide();
            widget.title.closable = true;
            content.disposed.connect(() => widget.dispose());
            return widget;
          }
        },
        trans
      )
    );
    palette?.addItem({ command: CommandIDs.showRuns, category: trans.__('Workflow') });
    void restorer?.restore(tracker, {
      command: CommandIDs.openRun,
      args: widget => ({ id: widget.content.document.id, path: widget.content.document.path }),
      name: widget => widget.content.document.id
    });
  }
};
