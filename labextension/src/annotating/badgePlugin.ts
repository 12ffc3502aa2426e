import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { followSettings, loadSettings } from '../model/settings';
import type { WorkflowModel } from '../model/workflowModel';
import { CommandIDs, IWorkflows, PLUGIN_ID } from '../tokens';
import { CellBadges, type BadgeChoice } from './badges/cellBadges';

/** A badge on each cell: what it is in the workflow, and its state in the run that is shown. */
export const badgePlugin: JupyterFrontEndPlugin<void> = {
  id: 'naavre-ext:cell-badges',
  description: 'Shows on each cell what it is in the workflow.',
  autoStart: true,
  requires: [IWorkflows],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workflows: IWorkflows,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('naavre_ext');
    let choice: BadgeChoice = 'all';
    const open = (): void => {
      void app.commands.execute(CommandIDs.editAnnotations);
    };
    const badges = new Map<WorkflowModel, CellBadges>();
    const follow = (model: WorkflowModel): void => {
      badges.set(model, new CellBadges(model, trans, () => choice, open));
      model.panel.disposed.connect(() => badges.delete(model));
    };
    workflows.added.connect((_, model) => follow(model));
    workflows.all.forEach(follow);
    followSettings(loadSettings(app, registry, PLUGIN_ID), settings => {
      choice = settings.get('cellBadges').composite as BadgeChoice;
      badges.forEach(one => one.schedule());
    });
  }
};
