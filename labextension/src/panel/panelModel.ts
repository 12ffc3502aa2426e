/** What a workflow panel shows of its notebook. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { ICellCheck, IDiagnostic, ISuggestion } from '../api/types';
import type { WorkflowModel } from '../model/workflowModel';
import { buildGraph, EMPTY_GRAPH, errorsFirst, nodeOfCell, type IGraph, type IGraphNode } from './graph';
import { layOut, layoutKey, type ILayout, type Orientation } from './layout';
import { NodeRuns } from './nodeRuns';

/** What is selected: a step, or a reason to wait; none of both. */
export type Selection = { readonly kind: 'node' | 'edge' | 'chain'; readonly id: string } | null;

/** How the panel draws; kept between sessions by who makes the panel. */
export interface IPanelSettings {
  readonly orientation: Orientation;
  /** Whether edges that follow from others are drawn, too. */
  readonly showAll: boolean;
  readonly showDetails: boolean;
}

/** `loading`: there was no answer yet. `refused`: errors keep the notebook from being run. */
export type PanelState = 'loading' | 'problem' | 'refused' | 'empty' | 'ready';

/**
 * The graph, its layout and the selection, kept up with the notebook, the compiler and the run.
 *
 * `changed` doesn't tell of the run's progress: that is in `runs`, step by step. While the notebook is refused, the
 * graph stays as it was when it last could be drawn.
 */
export class PanelModel implements IDisposable {
  readonly changed = new Signal<this, void>(this);
  readonly settingsChanged = new Signal<this, IPanelSettings>(this);
  readonly runs = new NodeRuns();

  constructor(
    readonly workflow: WorkflowModel,
    readonly trans: TranslationBundle,
    settings: IPanelSettings
  ) {
    this._settings = settings;
    workflow.compiled.connect(this.onCompiled, this);
    workflow.runChanged.connect(this.onRun, this);
    workflow.selectedCellChanged.connect(this.onCell, this);
    workflow.panel.disposed.connect(this.dispose, this);
    this.onRun();
    this.onCompiled();
  }

  get graph(): IGraph {
    return this._graph;
  }

  get layout(): ILayout {
    const { orientation, showAll } = this._settings;
    const key = layoutKey(this._graph, orientation, showAll);
    if (!this._layout || key !== this.key) {
      this._layout = layOut(this._graph, orientation, showAll);
      this.key = key;
    }
    return this._layout;
  }

  get settings(): IPanelSettings {
    return this._settings;
  }

  get selection(): Selection {
    return this._selection;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get state(): PanelState {
    const { compilation } = this.workflow;
    if (compilation.problem) {
      return 'problem';
    }
    if (!compilation.isReady) {
      return 'loading';
    }
    if (!compilation.result.workflow) {
      return 'refused';
    }
    return this._graph.nodes.length ? 'ready' : 'empty';
  }

  /** Why the notebook as it is now isn't drawn. */
  get problem(): string {
    return this.workflow.compilation.problem?.message ?? '';
  }

  /** What no step shows: errors and warnings of the whole notebook, or of cells that aren't run. */
  get diagnostics(): readonly IDiagnostic[] {
    const { workflow, diagnostics } = this.workflow.compilation.result;
    return errorsFirst(workflow ? this._graph.diagnostics : diagnostics).filter(d => d.severity !== 'info');
  }

  /** The first loop that could be split and isn't, as long as nothing is split; with its cell. */
  get firstSplit(): { readonly check: ICellCheck; readonly suggestion: ISuggestion } | null {
    const { result } = this.workflow.compilation;
    const isSplit = result.workflow?.steps.some(step => step.splits.length || step.inner_splits.length);
    if (isSplit ?? true) {
      return null;
    }
    for (const check of result.cells) {
      const suggestion = check.suggestions.find(s => s.kind === 'add-split');
      if (suggestion) {
        return { check, suggestion };
      }
    }
    return null;
  }

  /** What the compiler understood of the step's cell. */
  checkOf(node: IGraphNode): ICellCheck | null {
    const { cells } = this.workflow.compilation.result;
    const own = cells.filter(check => check.cell_id === node.cellId);
    return own.find(check => (check.kind === 'parameters') === (node.kind === 'parameters')) ?? own[0] ?? null;
  }

  node(id: string): IGraphNode | null {
    return this._graph.nodes.find(node => node.id === id) ?? null;
  }

  /** Selects, and makes a selected step's cell the active one. */
  select(selection: Selection): void {
    if (selection?.kind === this._selection?.kind && selection?.id === this._selection?.id) {
      return;
    }
    this._selection = selection;
    const node = selection?.kind === 'node' ? this.node(selection.id) : null;
    if (node && node.cellId !== this.workflow.selectedCellId) {
      this.workflow.selectCell(node.cellId);
    }
    this.changed.emit();
  }

  set(settings: Partial<IPanelSettings>): void {
    this._settings = { ...this._settings, ...settings };
    this.settingsChanged.emit(this._settings);
    this.changed.emit();
  }

  /** Asks the compiler again. */
  retry(): void {
    this.workflow.compilation.compileNow();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    if (!this.workflow.isDisposed) {
      this.workflow.compiled.disconnect(this.onCompiled, this);
      this.workflow.runChanged.disconnect(this.onRun, this);
      this.workflow.selectedCellChanged.disconnect(this.onCell, this);
    }
    Signal.clearData(this);
  }

  private onCompiled(): void {
    const { compilation } = this.workflow;
    if (compilation.isReady && compilation.result.workflow) {
      this._graph = buildGraph(compilation.result, this.trans);
      this.forgetGone();
      this.followCell(this.workflow.selectedCellId);
    } else if (compilation.isReady) {
      this._graph = withDiagnostics(this._graph, compilation.result.diagnostics);
    }
    this.changed.emit();
  }

  private onRun(): void {
    this.runs.update(this.workflow.run?.state ?? null);
  }

  private onCell(_: WorkflowModel, cellId: string | null): void {
    if (this.followCell(cellId)) {
      this.changed.emit();
    }
  }

  /** Selects the cell's step, unless what is selected belongs to the cell already; whether that changed anything. */
  private followCell(cellId: string | null): boolean {
    const own = this._selection?.kind === 'node' ? this.node(this._selection.id) : null;
    const node = nodeOfCell(this._graph, cellId);
    if (!node || own?.cellId === cellId) {
      return false;
    }
    this._selection = { kind: 'node', id: node.id };
    return true;
  }

  private forgetGone(): void {
    const selected = this._selection;
    const all = { node: this._graph.nodes, edge: this._graph.edges, chain: this._graph.chains };
    if (selected && !all[selected.kind].some(part => part.id === selected.id)) {
      this._selection = null;
    }
  }

  private _graph: IGraph = EMPTY_GRAPH;
  private _layout: ILayout | null = null;
  private _selection: Selection = null;
  private _settings: IPanelSettings;
  private _isDisposed = false;
  private key = '';
}

/** The same drawing with what is wrong now. */
function withDiagnostics(graph: IGraph, diagnostics: readonly IDiagnostic[]): IGraph {
  const nodes = graph.nodes.map(node => ({
    ...node,
    diagnostics: diagnostics.filter(diagnostic => diagnostic.cell_id === node.cellId)
  }));
  return { ...graph, nodes };
}
