import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Client } from './api/client';
import type { KeyTable } from './model/keyTable';
import type { WorkflowModel } from './model/workflowModel';
import type { RunController } from './running/runController';

/** The open notebooks as workflows, one model each. */
export interface IWorkflows {
  readonly client: Client;
  /** The annotations that there are. */
  readonly keys: KeyTable;
  /** The model of this notebook; the same one until the notebook is closed. */
  modelOf(panel: NotebookPanel): WorkflowModel;
  /** The model of the notebook that is in front; null when none is. */
  readonly current: WorkflowModel | null;
  readonly currentChanged: ISignal<IWorkflows, WorkflowModel | null>;
  /** A notebook was opened. */
  readonly added: ISignal<IWorkflows, WorkflowModel>;
  /** The models of all open notebooks. */
  readonly all: readonly WorkflowModel[];
}

export const IWorkflows = new Token<IWorkflows>(
  'naavre-ext:IWorkflows',
  'The open notebooks as workflows: what they compile to, their runs, the selected cell.'
);

/** What runs the open notebooks, one controller each. */
export interface IRunning {
  /** The controller of this notebook; the same one until the notebook is closed. */
  controllerOf(workflow: WorkflowModel): RunController;
}

export const IRunning = new Token<IRunning>(
  'naavre-ext:IRunning',
  'Runs open notebooks as workflows: starting, following, stopping, resuming.'
);

/** Id of the plugin whose schema holds the settings. */
export const PLUGIN_ID = 'naavre-ext:plugin';

/** The names of all commands. */
export const CommandIDs = {
  acceptCompletion: 'naavre-ext:accept-completion',
  closeCompletion: 'naavre-ext:close-completion',
  editAnnotations: 'naavre-ext:edit-annotations',
  splitCell: 'naavre-ext:split-cell',
  keepOutOfWorkflow: 'naavre-ext:keep-out-of-workflow',
  exportPng: 'naavre-ext:export-workflow-png',
  exportSvg: 'naavre-ext:export-workflow-svg',
  openRun: 'naavre-ext:open-run',
  openSweep: 'naavre-ext:open-sweep',
  showRuns: 'naavre-ext:show-runs',
  showWorkflow: 'naavre-ext:show-workflow',
  runWorkflow: 'naavre-ext:run-workflow',
  stopRun: 'naavre-ext:stop-run',
  resumeRun: 'naavre-ext:resume-run',
  resumeSweep: 'naavre-ext:resume-sweep',
  loadResults: 'naavre-ext:load-results',
  openExecuted: 'naavre-ext:open-executed',
  sweep: 'naavre-ext:sweep'
} as const;
