import { Notification } from '@jupyterlab/apputils';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Fragment, type ReactElement, type ReactNode } from 'react';

import type { ISuggestion } from '../../api/types';
import { isPython } from '../../model/notebookContent';
import type { WorkflowModel } from '../../model/workflowModel';
import type { IWorkflows } from '../../tokens';
import type { KeyTable } from '../../model/keyTable';
import { AnnotationForm } from './annotations';
import { CellFindings, CellProblems } from './findings';

/** The form for the selected cell, in the right sidebar. */
export class AnnotationSidebar extends ReactWidget {
  constructor(
    private readonly workflows: IWorkflows,
    private readonly keys: KeyTable,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('naavre-Sidebar');
    workflows.currentChanged.connect(this.follow, this);
    keys.loaded.connect(this.refresh, this);
    this.follow();
  }

  protected override render(): ReactElement {
    return <UseSignal signal={this.refreshed}>{() => this.content()}</UseSignal>;
  }

  private follow(): void {
    if (this.model && !this.model.isDisposed) {
      this.model.compiled.disconnect(this.refresh, this);
      this.model.selectedCellChanged.disconnect(this.refresh, this);
    }
    this.model = this.workflows.current;
    this.model?.compiled.connect(this.refresh, this);
    this.model?.selectedCellChanged.connect(this.refresh, this);
    this.refresh();
  }

  private refresh(): void {
    if (this.isVisible) {
      this.keys.load();
      this.refreshed.emit();
    }
  }

  protected override onAfterShow(): void {
    this.refresh();
  }

  private content(): ReactElement {
    const { model, trans } = this;
    if (!model) {
      return <Empty title={trans.__('No notebook')}>{trans.__('Open a notebook to annotate its cells.')}</Empty>;
    }
    const notebook = model.panel.model;
    const { compilation, selectedCellId } = model;
    const cell = selectedCellId === null ? null : model.cell(selectedCellId);
    if (notebook && !isPython(notebook)) {
      return <Empty title={trans.__('Not a Python notebook')}>{trans.__('Workflows are made of Python cells.')}</Empty>;
    }
    if (compilation.problem) {
      return <Empty title={trans.__('The compiler doesn’t answer')}>{compilation.problem.message}</Empty>;
    }
    if (!compilation.isReady) {
      return <Empty title={trans.__('Reading the notebook')}>{trans.__('One moment, please.')}</Empty>;
    }
    if (!cell || selectedCellId === null) {
      return <Empty title={trans.__('No cell')}>{trans.__('Select a cell.')}</Empty>;
    }
    if (cell.type !== 'code') {
      return <Empty title={trans.__('Not a code cell')}>{trans.__('Only code cells are annotated. Select one.')}</Empty>;
    }
    return this.cellContent(model, selectedCellId);
  }

  private cellContent(model: WorkflowModel, cellId: string): ReactElement {
    const { trans, keys } = this;
    const { compilation } = model;
    const check = compilation.check(cellId);
    const cells = model.panel.model ? [...model.panel.model.cells] : [];
    const number = cells.findIndex(cell => cell.id === cellId) + 1;
    const findings = {
      check,
      isOld: compilation.isRefused,
      diagnostics: compilation.diagnostics(cellId),
      trans,
      goToCell: (id: string) => model.selectCell(id),
      goToLine: (line: number) => goToLine(model, line),
      apply: (suggestion: ISuggestion) => applyTo(model, cellId, suggestion)
    };
    return (
      <div className="naavre-Sidebar-content" key={cellId}>
        <header>
          <h2>{check?.title ?? trans.__('Cell %1', number)}</h2>
          {check?.title && <span className="naavre-Subtitle">{trans.__('cell %1', number)}</span>}
        </header>
        {compilation.isRefused && <Refused model={model} cellId={cellId} trans={trans} />}
        <CellProblems {...findings} />
        <AnnotationForm model={model} cellId={cellId} check={check} keys={keys} trans={trans} />
        <CellFindings {...findings} />
      </div>
    );
  }

  private model: WorkflowModel | null = null;
  private readonly refreshed = new Signal<this, void>(this);
}

/** Where the errors are, for a cell that needn't have one itself. */
function Refused(props: {
  readonly model: WorkflowModel;
  readonly cellId: string;
  readonly trans: TranslationBundle;
}): ReactElement {
  const { model, cellId, trans } = props;
  const errors = model.compilation.result.diagnostics.filter(one => one.severity === 'error' && one.cell_id !== cellId);
  const cells = new Map(errors.flatMap(one => (one.cell_id === null ? [] : [[one.cell_id, one.cell_number] as const])));
  return (
    <p className="naavre-Field-note">
      {trans.__('The notebook can’t be a workflow before its errors are mended.')}
      {[...cells].map(([id, number]) => (
        <Fragment key={id}>
          {' '}
          <button type="button" className="naavre-CellLink" onClick={() => model.selectCell(id)}>
            {trans.__('cell %1', number)}
          </button>
        </Fragment>
      ))}
    </p>
  );
}

function Empty(props: { readonly title: string; readonly children: ReactNode }): ReactElement {
  return (
    <div className="naavre-Empty">
      <h2>{props.title}</h2>
      <p>{props.children}</p>
    </div>
  );
}

function goToLine(model: WorkflowModel, line: number): void {
  const editor = model.panel.content.activeCell?.editor as CodeMirrorEditor | null | undefined;
  editor?.setCursorPosition({ line: line - 1, column: 0 });
  editor?.focus();
}

function applyTo(model: WorkflowModel, cellId: string, suggestion: ISuggestion): void {
  const { edit } = suggestion;
  if (edit) {
    // Made anew on the text as it is now, which may be another than the compiler's.
    model.annotate(cellId, [{ key: edit.annotation, value: edit.value }]).catch((error: unknown) => {
      Notification.error(error instanceof Error ? error.message : String(error));
    });
  }
}
