import type { ICellCheck, IDiagnostic, IWorkflow } from '../api/types';
import type { WorkflowModel } from '../model/workflowModel';
import type { IWorkflows } from '../tokens';
import type { KeyTable } from '../model/keyTable';

/** What an editor's extensions know of the cell that it edits. */
export class EditorContext {
  constructor(
    readonly keys: KeyTable,
    private readonly workflows: IWorkflows,
    readonly cellId: () => string
  ) {}

  /** The open notebook that the cell belongs to; null for an editor that isn't a notebook's. */
  get workflowModel(): WorkflowModel | null {
    if (!this.found || this.found.isDisposed) {
      const id = this.cellId();
      this.found = this.workflows.all.find(model => model.cell(id)) ?? null;
    }
    return this.found;
  }

  /** What the compiler last knew of the cell: half an annotation is an error as long as it is being typed. */
  get check(): ICellCheck | null {
    const id = this.cellId();
    return this.workflowModel?.compilation.lastGood.cells.find(cell => cell.cell_id === id) ?? null;
  }

  get workflow(): IWorkflow | null {
    return this.workflowModel?.compilation.lastGood.workflow ?? null;
  }

  get diagnostics(): IDiagnostic[] {
    return this.workflowModel?.compilation.diagnostics(this.cellId()) ?? [];
  }

  private found: WorkflowModel | null = null;
}
