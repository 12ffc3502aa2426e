import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';
import type { IWorkflows } from '../tokens';
import { KeyTable } from './keyTable';
import { WorkflowModel } from './workflowModel';

/** Makes the models of open notebooks when they are opened, and forgets them when they are closed. */
export class WorkflowRegistry implements IWorkflows {
  readonly currentChanged = new Signal<this, WorkflowModel | null>(this);
  readonly added = new Signal<this, WorkflowModel>(this);

  readonly keys: KeyTable;

  constructor(
    readonly client: Client,
    private readonly tracker: INotebookTracker,
    private readonly delayMs: () => number
  ) {
    this.keys = new KeyTable(client);
    tracker.widgetAdded.connect((_, panel) => this.modelOf(panel));
    tracker.currentChanged.connect(() => this.currentChanged.emit(this.current));
    tracker.forEach(panel => this.modelOf(panel));
  }

  get current(): WorkflowModel | null {
    const panel = this.tracker.currentWidget;
    return panel && this.modelOf(panel);
  }

  get all(): readonly WorkflowModel[] {
    return [...this.models.values()];
  }

  modelOf(panel: NotebookPanel): WorkflowModel {
    let model = this.models.get(panel);
    if (!model) {
      model = new WorkflowModel(this.client, panel, this.delayMs);
      this.models.set(panel, model);
      panel.disposed.connect(() => this.models.delete(panel));
      this.added.emit(model);
    }
    return model;
  }

  private readonly models = new Map<NotebookPanel, WorkflowModel>();
}
