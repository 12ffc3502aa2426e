// What every open notebook gets for being run: a controller, the bar at its top, marks on stale cells.

import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PathExt } from '@jupyterlab/coreutils';

import { isPython } from '../model/notebookContent';
import type { WorkflowModel } from '../model/workflowModel';
import type { IRunning, IWorkflows } from '../tokens';
import { notifyEnd } from './notify';
import { readOptions } from './optionTexts';
import { RunBar } from './runBar';
import type { IRunActions } from './runBarStates';
import type { IRunMemory } from './reminder';
import { RunController } from './runController';
import type { RunSettings } from './settings';
import { StaleMarks } from './staleMarks';

interface IOptions {
  readonly workflows: IWorkflows;
  readonly memory: IRunMemory;
  readonly settings: RunSettings;
  readonly trans: TranslationBundle;
  readonly actions: (controller: RunController) => IRunActions;
  readonly show: (panel: NotebookPanel) => void;
  readonly onChanged: () => void;
}

export class RunningNotebooks implements IRunning {
  constructor(private readonly _options: IOptions) {
    const { workflows } = _options;
    workflows.added.connect((_, workflow) => this.controllerOf(workflow));
    workflows.currentChanged.connect(() => _options.onChanged());
    workflows.all.forEach(workflow => this.controllerOf(workflow));
  }

  controllerOf(workflow: WorkflowModel): RunController {
    let controller = this._controllers.get(workflow);
    if (!controller) {
      const { memory, settings } = this._options;
      controller = new RunController(workflow, memory, () => readOptions(settings.optionTexts));
      this._controllers.set(workflow, controller);
      this._equip(controller);
    }
    return controller;
  }

  private _equip(controller: RunController): void {
    const { trans, settings, actions, show, onChanged } = this._options;
    const { panel } = controller.workflow;
    panel.contentHeader.addWidget(new RunBar(controller, actions(controller), trans));
    const marks = new StaleMarks(panel, trans);
    panel.disposed.connect(() => marks.dispose());
    let phase = controller.phase;
    let told = '';
    panel.disposed.connect(() => told && Notification.dismiss(told));
    controller.changed.connect(() => {
      if (controller.phase !== phase) {
        phase = controller.phase;
        if (phase === 'starting' && told) {
          Notification.dismiss(told);
        }
        marks.compareWith(controller.run?.summary ?? null);
        onChanged();
      }
    });
    controller.ended.connect((_, run) => {
      if (settings.notify) {
        told = notifyEnd(run, PathExt.basename(controller.workflow.path), () => show(panel), trans);
      }
    });
    this._warm(controller.workflow);
  }

  /** Has Ray made ready when the notebook turns out to have annotations. */
  private _warm(workflow: WorkflowModel): void {
    const onCompiled = (): void => {
      const { settings } = this._options;
      const { annotations } = workflow.compilation.result;
      const { model } = workflow.panel;
      if (settings.warm && model && isPython(model) && Object.keys(annotations).length) {
        workflow.compiled.disconnect(onCompiled);
        workflow.client.warm(workflow.path, settings.address || undefined).catch(() => {
          // What is wrong is told when a run is asked for.
        });
      }
    };
    void this._options.settings.ready.then(() => {
      if (!workflow.isDisposed) {
        workflow.compiled.connect(onCompiled);
        onCompiled();
      }
    });
  }

  private readonly _controllers = new WeakMap<WorkflowModel, RunController>();
}
