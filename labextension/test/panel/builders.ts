/** Small workflows for tests: only what matters is written. */

import type { ICellCheck, ICompiled, IDiagnostic, IEdge, ISplit, IStep, IWait } from '../../src/api/types';

export function step(id: string, more: Partial<IStep> = {}): IStep {
  const number = Number(id.replace(/\D/g, '')) || 1;
  return {
    id,
    cell_id: id,
    cell_number: number,
    execution_count: number,
    source: `${id} = 1`,
    title: null,
    kind: 'cell',
    placement: 'main',
    barrier: false,
    reads: [],
    writes: [id],
    splits: [],
    inner_splits: [],
    secrets: [],
    group: null,
    resources: {},
    concurrency: null,
    retries: null,
    timeout_s: null,
    cache: true,
    image: null,
    reasons: [],
    ...more
  };
}

export function split(more: Partial<ISplit> = {}): ISplit {
  return {
    index: 0,
    line: 2,
    form: 'for',
    iterable: 'items',
    title: null,
    shared: [],
    reductions: [],
    batches: 'auto',
    over: [],
    merges: [],
    continues: null,
    function: '',
    ...more
  };
}

/** `edge('c1 c2', 'x y')`: cell c2 needs x and y from cell c1. */
export function edge(ends: string, names = '', kind: IEdge['kind'] = 'data'): IEdge {
  const [source, target] = ends.split(' ');
  return { source, target, kind, names: names.split(' ').filter(Boolean) };
}

export function compiled(steps: IStep[], edges: IEdge[] = [], more: Partial<ICompiled> = {}): ICompiled {
  return {
    workflow: { version: 2, name: 'test', steps, edges, parameters: [] },
    cells: [],
    diagnostics: [],
    annotations: {},
    ...more
  };
}

export function check(id: string, waits: IWait[]): ICellCheck {
  return {
    cell_id: id,
    cell_number: Number(id.replace(/\D/g, '')),
    title: null,
    kind: 'cell',
    reads: [],
    writes: [],
    changes: [],
    deletes: [],
    effects: [],
    waits,
    placement: 'main',
    group: null,
    barrier: false,
    reasons: [],
    beside: [],
    loops: [],
    suggestions: [],
    timing: null,
    limits: []
  };
}

export function diagnostic(cellId: string | null, more: Partial<IDiagnostic> = {}): IDiagnostic {
  return {
    code: 'NX103',
    severity: 'warning',
    message: "'df' is changed in place here.",
    remedy: 'Copy it first.',
    cell_id: cellId,
    cell_number: cellId ? Number(cellId.replace(/\D/g, '')) : null,
    line: 1,
    title: null,
    ...more
  };
}
