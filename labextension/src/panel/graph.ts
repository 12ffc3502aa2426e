/** What the workflow panel draws: the steps of a workflow, the parts of split ones, and why one waits for another. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICompiled, IDiagnostic, IEdge, ISplit, IStep, IWorkflow } from '../api/types';
import { edgeLabel, factorText, iterableText, mergeText, splitText, stepTitle, whyLines } from './wording';

export type PartKind = 'splitter' | 'batches' | 'merger';

/** A splitter, the batches that it makes, or the merger that joins their results. */
export interface IPart {
  readonly id: string;
  readonly kind: PartKind;
  /** Index of the split in the step's cell. */
  readonly split: number;
  readonly text: string;
  /** `×5`: into how many batches at most; empty for splitters and mergers. */
  readonly factor: string;
  readonly hover: string;
}

export interface IGraphNode {
  readonly id: string;
  readonly kind: 'step' | 'parameters' | 'split';
  readonly cellId: string;
  readonly cellNumber: number;
  readonly title: string;
  /** The title is the first line of the cell's code, as the user gave none. */
  readonly isCode: boolean;
  /** What it makes. */
  readonly detail: string;
  /** In the order in which they run; empty unless the step is split. */
  readonly parts: readonly IPart[];
  /** It may run in any worker, beside others. */
  readonly isFree: boolean;
  /** Short marks: its group, that it may run beside others, loops that it splits inside of functions. */
  readonly marks: readonly string[];
  readonly diagnostics: readonly IDiagnostic[];
}

/** A reason for `target` to wait for `source`, or several. */
export interface IGraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** `order` edges carry no variable. */
  readonly kind: 'data' | 'order';
  readonly names: readonly string[];
  readonly label: string;
  /** Why the edge exists, in sentences. */
  readonly why: readonly string[];
  /** Another path says that the target comes later, so that the edge may be left out of a simple drawing. */
  readonly implied: boolean;
}

/** Batches that flow on into the next split without waiting for the merger: from one part to another. */
export interface IChainEdge {
  readonly id: string;
  readonly source: string;
  readonly sourcePart: string;
  readonly target: string;
  readonly targetPart: string;
  readonly why: string;
}

export interface IGraph {
  /** In notebook order. */
  readonly nodes: readonly IGraphNode[];
  readonly edges: readonly IGraphEdge[];
  readonly chains: readonly IChainEdge[];
  /** Those that belong to no step: of the whole notebook, or of cells that the workflow doesn't run. */
  readonly diagnostics: readonly IDiagnostic[];
}

export const EMPTY_GRAPH: IGraph = { nodes: [], edges: [], chains: [], diagnostics: [] };

/** The graph of what was compiled; without nodes where the notebook was refused. Equal input gives an equal graph. */
export function buildGraph(compiled: ICompiled, trans: TranslationBundle): IGraph {
  const { workflow, diagnostics } = compiled;
  if (!workflow) {
    return { ...EMPTY_GRAPH, diagnostics };
  }
  const owners = diagnosticOwners(workflow);
  return {
    nodes: workflow.steps.map(step =>
      nodeOf(
        step,
        workflow,
        diagnostics.filter(d => d.cell_id !== null && owners.get(d.cell_id) === step.id),
        trans
      )
    ),
    edges: edgesOf(compiled, workflow, trans),
    chains: chainsOf(workflow, trans),
    diagnostics: diagnostics.filter(d => d.cell_id === null || !owners.has(d.cell_id))
  };
}

export function partId(step: string, split: number, kind: PartKind): string {
  return `${step}/${split}/${kind}`;
}

/** The node that stands for a cell: of a cell that is two steps, the one that runs its code. */
export function nodeOfCell(graph: IGraph, cellId: string | null): IGraphNode | null {
  const nodes = graph.nodes.filter(node => node.cellId === cellId);
  return nodes.find(node => node.kind !== 'parameters') ?? nodes[0] ?? null;
}

/** What keeps the notebook from being run, then the rest; each in the order of the cells. */
export function errorsFirst(diagnostics: readonly IDiagnostic[]): IDiagnostic[] {
  const isError = ({ severity }: IDiagnostic): boolean => severity === 'error';
  const inCells = [...diagnostics].sort((a, b) => (a.cell_number ?? 0) - (b.cell_number ?? 0));
  return [...inCells.filter(isError), ...inCells.filter(found => !isError(found))];
}

/** By cell: the step at which its diagnostics are shown. */
function diagnosticOwners(workflow: IWorkflow): Map<string, string> {
  const owners = new Map<string, string>();
  for (const step of workflow.steps) {
    if (step.kind === 'cell' || !owners.has(step.cell_id)) {
      owners.set(step.cell_id, step.id);
    }
  }
  return owners;
}

function nodeOf(
  step: IStep,
  workflow: IWorkflow,
  diagnostics: readonly IDiagnostic[],
  trans: TranslationBundle
): IGraphNode {
  const { title, isCode } = stepTitle(step, trans);
  const isSplit = step.splits.length > 0;
  return {
    id: step.id,
    kind: isSplit ? 'split' : step.kind === 'parameters' ? 'parameters' : 'step',
    cellId: step.cell_id,
    cellNumber: step.cell_number,
    title,
    isCode,
    detail: outputsOf(step, workflow).join(', '),
    parts: step.splits.flatMap(split => partsOf(step, split, trans)),
    isFree: step.placement === 'any' && !step.group,
    marks: marksOf(step, trans),
    diagnostics
  };
}

/** What the step writes: first what later steps need. */
function outputsOf(step: IStep, workflow: IWorkflow): string[] {
  const needed = new Set(workflow.edges.filter(edge => edge.source === step.id).flatMap(edge => edge.names));
  const isNeeded = (name: string): boolean => needed.has(name);
  return [...step.writes.filter(isNeeded), ...step.writes.filter(name => !isNeeded(name))];
}

function partsOf(step: IStep, split: ISplit, trans: TranslationBundle): IPart[] {
  const part = (kind: PartKind, text: string, hover: string): IPart => ({
    id: partId(step.id, split.index, kind),
    kind,
    split: split.index,
    text,
    factor: kind === 'batches' ? factorText(split) : '',
    hover
  });
  const items = iterableText(split);
  const head = split.continues
    ? trans.__('The batches of the split before flow on; what is left is cut like %1', items)
    : trans.__('Cuts %1 into batches', items);
  return [
    part('splitter', trans.__('split'), head),
    part('batches', items, splitText(split, trans)),
    part('merger', trans.__('merge'), mergeText(split, trans))
  ];
}

function marksOf(step: IStep, trans: TranslationBundle): string[] {
  const marks: string[] = [];
  if (step.group) {
    marks.push(trans.__('group %1', step.group));
  } else if (step.placement === 'any') {
    marks.push(trans.__('any worker'));
  }
  if (step.inner_splits.length) {
    marks.push(trans._n('splits %1 loop inside', 'splits %1 loops inside', step.inner_splits.length));
  }
  return marks;
}

function edgesOf(compiled: ICompiled, workflow: IWorkflow, trans: TranslationBundle): IGraphEdge[] {
  const steps = new Map(workflow.steps.map(step => [step.id, step]));
  const pairs = new Map<string, IEdge[]>();
  for (const edge of workflow.edges) {
    const id = `${edge.source}→${edge.target}`;
    pairs.set(id, [...(pairs.get(id) ?? []), edge]);
  }
  const order = new Map(workflow.steps.map((step, index) => [step.id, index]));
  const implied = impliedPairs([...pairs.values()].map(([edge]) => edge), order);
  const found: IGraphEdge[] = [];
  for (const [id, edges] of pairs) {
    const source = steps.get(edges[0].source);
    const target = steps.get(edges[0].target);
    const names = [...new Set(edges.flatMap(edge => edge.names))];
    if (!source || !target || (implied.has(id) && !names.length)) {
      continue;
    }
    found.push({
      id,
      source: source.id,
      target: target.id,
      kind: names.length ? 'data' : 'order',
      names,
      label: names.length ? names.join(', ') : edgeLabel(edges[0].kind, trans),
      why: whyLines(source, target, edges, compiled.cells, trans),
      implied: implied.has(id)
    });
  }
  const place = (edge: IGraphEdge): number =>
    (order.get(edge.source) ?? 0) * steps.size + (order.get(edge.target) ?? 0);
  return found.sort((a, b) => place(a) - place(b));
}

/**
 * The pairs whose target is also reached from their source through another step.
 *
 * Edges point forward in notebook order, so one backward sweep finds what each step reaches.
 */
function impliedPairs(edges: readonly IEdge[], order: ReadonlyMap<string, number>): Set<string> {
  const place = (id: string): number => order.get(id) ?? 0;
  const targets = new Map<string, string[]>();
  for (const edge of edges) {
    targets.set(edge.source, [...(targets.get(edge.source) ?? []), edge.target]);
  }
  const reach = new Map<string, Set<string>>();
  const implied = new Set<string>();
  for (const source of [...targets.keys()].sort((a, b) => place(b) - place(a))) {
    const reached = new Set<string>();
    for (const target of (targets.get(source) ?? []).sort((a, b) => place(a) - place(b))) {
      if (reached.has(target)) {
        implied.add(`${source}→${target}`);
      }
      reached.add(target);
      reach.get(target)?.forEach(step => reached.add(step));
    }
    reach.set(source, reached);
  }
  return implied;
}

function chainsOf(workflow: IWorkflow, trans: TranslationBundle): IChainEdge[] {
  const known = new Set(workflow.steps.flatMap(step => step.splits.map(s => partId(step.id, s.index, 'batches'))));
  const chains: IChainEdge[] = [];
  for (const step of workflow.steps) {
    for (const split of step.splits) {
      const sourcePart = split.continues && partId(split.continues[0], split.continues[1], 'batches');
      const targetPart = partId(step.id, split.index, 'batches');
      if (split.continues && sourcePart && known.has(sourcePart)) {
        chains.push({
          id: `${sourcePart}→${targetPart}`,
          source: split.continues[0],
          sourcePart,
          target: step.id,
          targetPart,
          why: trans.__('A batch flows on as soon as it is done, without waiting for the merger')
        });
      }
    }
  }
  return chains;
}
