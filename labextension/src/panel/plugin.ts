import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { workflowIcon } from '../icons';
import { whenIdle } from '../model/whenIdle';
import { CommandIDs, IWorkflows } from '../tokens';
import type { Orientation } from './layout';
import type { IPanelSettings } from './panelModel';
import type { WorkflowPanel } from './widget';

const NAMESPACE = 'naavre-workflow';
const PLUGIN_ID = 'naavre-ext:workflow-panel';
const DEFAULTS: IPanelSettings = { orientation: 'TB', showAll: false, showDetails: true };

/** The workflow panel: the notebook as a graph, beside the notebook. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Draws the workflow that a notebook is, and the state of its run.',
  autoStart: true,
  requires: [IWorkflows, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, ITranslator, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    labShell: ILabShell | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    const tracker = new WidgetTracker<WorkflowPanel>({ namespace: NAMESPACE });

    const readSettings = async (): Promise<IPanelSettings> => {
      const stored = await registry?.load(PLUGIN_ID);
      return stored
        ? {
            orientation: stored.get('orientation').composite as Orientation,
            showAll: stored.get('showAll').composite as boolean,
            showDetails: stored.get('showDetails').composite as boolean
          }
        : DEFAULTS;
    };
    const notebookOf = (path: string): NotebookPanel | null =>
      notebooks.find(panel => panel.context.path === path) ?? null;
    const goToCell = (panel: NotebookPanel, cellId: string): void => {
      shell.activateById(panel.id);
      workflows.modelOf(panel).selectCell(cellId);
      panel.content.mode = 'command';
      panel.content.node.focus({ preventScroll: true });
    };

    // Loaded when JupyterLab has time for it, so that the first panel opens as quickly as the next.
    const prepare = (): void => {
      workflows.added.disconnect(prepare);
      whenIdle(() => void import('./widget'));
    };
    workflows.added.connect(prepare);

    const create = async (notebook: NotebookPanel): Promise<WorkflowPanel> => {
      // React Flow and the layout aren't loaded when JupyterLab starts.
      const [{ WorkflowPanel }, initial] = await Promise.all([import('./widget'), readSettings()]);
      const panel = new WorkflowPanel({
        workflow: workflows.modelOf(notebook),
        settings: initial,
        trans,
        commands,
        runCommands: [CommandIDs.runWorkflow, CommandIDs.stopRun],
        onCell: cellId => goToCell(notebook, cellId),
        onExport: anchor => {
          const { left, bottom } = anchor.getBoundingClientRect();
          exportMenu.open(left, bottom);
        }
      });
      panel.model.settingsChanged.connect((_, { orientation, showAll, showDetails }) => {
        void registry?.load(PLUGIN_ID).then(async all => {
          await all.set('orientation', orientation);
          await all.set('showAll', showAll);
          await all.set('showDetails', showDetails);
        });
      });
      notebook.context.pathChanged.connect(() => void tracker.save(panel));
      return panel;
    };

    const show = async (path: string | undefined): Promise<WorkflowPanel | null> => {
      const notebook = path === undefined ? workflows.current?.panel : notebookOf(path);
      if (!notebook) {
        return null;
      }
      const find = (): WorkflowPanel | undefined => tracker.find(panel => panel.model.workflow.panel === notebook);
      let panel = find();
      if (!panel) {
        const created = await create(notebook);
        panel = find() ?? created;
        if (panel !== created) {
          created.dispose();
        }
      }
      if (!panel.isAttached) {
        // Notebook 7 has room for one widget in its main area.
        shell.add(panel, labShell ? 'main' : 'right', { mode: 'split-right', ref: notebook.id, activate: false });
        await tracker.add(panel);
      }
      shell.activateById(panel.id);
      return panel;
    };

    commands.addCommand(CommandIDs.showWorkflow, {
      label: args => (args.isPalette ? trans.__('Show Workflow of the Notebook') : trans.__('Workflow')),
      caption: trans.__('Show this notebook as a workflow'),
      icon: workflowIcon,
      isEnabled: args => typeof args.path === 'string' || workflows.current !== null,
      execute: async args => {
        await show(typeof args.path === 'string' ? args.path : undefined);
      },
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: { type: 'string', description: trans.__('Path of an open notebook; else the one in front') },
            isPalette: { type: 'boolean', description: trans.__('Whether the palette names the command') }
          }
        }
      }
    });

    const addExport = (id: string, format: 'svg' | 'png', label: string): void => {
      commands.addCommand(id, {
        label,
        isEnabled: () => tracker.currentWidget !== null || workflows.current !== null,
        execute: async () => {
          const own = workflows.current?.panel;
          const panel = tracker.find(p => p.isVisible && p.model.workflow.panel === own) ?? tracker.currentWidget;
          await (panel ?? (await show(undefined)))?.export(format);
        },
        describedBy: { args: { type: 'object', properties: {} } }
      });
      exportMenu.addItem({ command: id });
      palette?.addItem({ command: id, category: trans.__('Workflow') });
    };
    const exportMenu = new Menu({ commands });
    addExport(CommandIDs.exportSvg, 'svg', trans.__('Export Workflow as SVG'));
    addExport(CommandIDs.exportPng, 'png', trans.__('Export Workflow as PNG'));
    palette?.addItem({
      command: CommandIDs.showWorkflow,
      args: { isPalette: true },
      category: trans.__('Workflow')
    });
    workflows.currentChanged.connect(() => commands.notifyCommandChanged(CommandIDs.showWorkflow));

    void restorer?.restore(tracker, {
      command: CommandIDs.showWorkflow,
      args: panel => ({ path: panel.path }),
      name: panel => panel.path,
      // The notebooks come first: a panel is drawn from one that is open.
      when: notebooks.restored
    });
  }
};
