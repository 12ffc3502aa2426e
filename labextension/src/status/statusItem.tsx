import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomModel, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import { workflowIcon } from '../icons';
import type { WorkflowModel } from '../model/workflowModel';
import type { IWorkflows } from '../tokens';

/** Follows the compilation of the notebook in front. */
export class StatusModel extends VDomModel {
  constructor(workflows: IWorkflows) {
    super();
    workflows.currentChanged.connect((_, current) => this.follow(current));
    this.follow(workflows.current);
  }

  get workflow(): WorkflowModel | null {
    return this._workflow;
  }

  /** Whether there is a notebook that was compiled, or that could not be. */
  get isShown(): boolean {
    const compilation = this._workflow?.compilation;
    return !!compilation && (compilation.isReady || compilation.problem !== null);
  }

  private follow(workflow: WorkflowModel | null): void {
    if (!this._workflow?.isDisposed) {
      this._workflow?.compiled.disconnect(this.update, this);
    }
    this._workflow = workflow;
    workflow?.compiled.connect(this.update, this);
    this.update();
  }

  private update(): void {
    this.stateChanged.emit();
  }

  private _workflow: WorkflowModel | null = null;
}

/** `12 steps, 2 split`, or how many errors keep the notebook from being a workflow. */
export class StatusItem extends VDomRenderer<StatusModel> {
  constructor(
    model: StatusModel,
    private readonly trans: TranslationBundle,
    private readonly open: () => void
  ) {
    super(model);
    this.addClass('naavre-StatusItem');
  }

  protected override render(): ReactElement | null {
    const compilation = this.model?.workflow?.compilation;
    if (!compilation || !this.model?.isShown) {
      return null;
    }
    const [text, hint] = this.words(compilation);
    return (
      <button type="button" className="naavre-StatusItem-button" title={hint} onClick={this.open}>
        <workflowIcon.react tag="span" width="14px" height="14px" />
        <span>{text}</span>
      </button>
    );
  }

  private words(compilation: WorkflowModel['compilation']): [string, string] {
    const { trans } = this;
    const { problem, result } = compilation;
    if (problem) {
      return [trans.__('Workflow: no answer'), problem.message];
    }
    if (!result.workflow) {
      const errors = result.diagnostics.filter(diagnostic => diagnostic.severity === 'error');
      const first = errors[0];
      return [
        trans._n('Workflow: %1 error', 'Workflow: %1 errors', errors.length),
        first ? `${first.code}: ${first.message}` : ''
      ];
    }
    const { steps } = result.workflow;
    const splits = steps.reduce((sum, step) => sum + step.splits.length + step.inner_splits.length, 0);
    const count = trans._n('%1 step', '%1 steps', steps.length);
    return [
      splits ? `${count}, ${trans._n('%1 split', '%1 split', splits)}` : count,
      trans.__('What this notebook is as a workflow')
    ];
  }
}
