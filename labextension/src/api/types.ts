/** The JSON of the server extension: the names are those of Python's dataclasses (`naavre_ext/model`). */

import type { RunStatus } from './runEvents';

export * from './runEvents';

export type Severity = 'error' | 'warning' | 'info';

export interface IDiagnostic {
  code: string;
  severity: Severity;
  message: string;
  remedy: string;
  cell_id: string | null;
  cell_number: number | null;
  /** From 1, within the cell. */
  line: number | null;
  title: string | null;
}

export type Placement = 'main' | 'any';
export type SplitForm = 'for' | 'list' | 'set' | 'dict' | 'over';
export type EdgeKind =
  | 'data'
  | 'alias'
  | 'ambient'
  | 'outside'
  | 'opaque'
  | 'unknown'
  | 'star-import'
  | 'monkeypatch'
  | 'history';

export interface IMergeClause {
  name: string;
  method: 'concat' | 'update' | 'sum' | 'min' | 'max';
}

export interface ISplit {
  index: number;
  line: number;
  form: SplitForm;
  iterable: string;
  title: string | null;
  shared: string[];
  reductions: string[];
  batches: number | string;
  over: string[];
  merges: IMergeClause[];
  /** The step and split that make the items: their batches flow on into this one. */
  continues: [string, number] | null;
  function: string;
}

export interface IStep {
  id: string;
  cell_id: string;
  cell_number: number;
  execution_count: number;
  source: string;
  title: string | null;
  kind: 'cell' | 'parameters';
  placement: Placement;
  barrier: boolean;
  reads: string[];
  writes: string[];
  splits: ISplit[];
  inner_splits: ISplit[];
  secrets: string[];
  group: string | null;
  resources: Record<string, number>;
  concurrency: number | null;
  retries: number | null;
  timeout_s: number | null;
  cache: boolean;
  image: string | null;
  reasons: string[];
}

export interface IEdge {
  source: string;
  target: string;
  kind: EdgeKind;
  names: string[];
}

export interface IParameter {
  name: string;
  kind: 'param' | 'conf' | 'secret';
  default: unknown;
  /** A Python type's name; `NoneType` accepts any value. */
  type_name: string;
  cell_id: string;
  line: number;
  /** What the notebook assigns, as Python writes it; empty for a secret. */
  source: string;
}

export interface IWorkflow {
  version: number;
  name: string;
  steps: IStep[];
  edges: IEdge[];
  parameters: IParameter[];
}

export interface ICellRef {
  cell_id: string;
  cell_number: number;
}

export interface INameRead {
  name: string;
  cell: ICellRef;
  line: number;
}

export interface INameChange {
  name: string;
  line: number | null;
  how: string;
  through: string | null;
  suspected: boolean;
}

export interface ICause {
  text: string;
  effect: string | null;
  what: string | null;
  line: number | null;
}

export interface IWait {
  cell: ICellRef;
  kind: EdgeKind | 'main-order' | 'held';
  names: string[];
  cause: ICause | null;
  by_other: boolean;
}

export interface ILoopCheck {
  index: number;
  line: number;
  form: SplitForm;
  iterable: string;
  split: boolean;
  splittable: boolean;
  costly: boolean;
  doubtful: boolean;
  batches: number | string | null;
  shared: string[];
  reductions: string[];
  merges: string[];
  reason: string | null;
  reason_line: number | null;
  variable: string | null;
  remedy: string | null;
  flow: string | null;
}

export interface ISuggestion {
  kind: 'add-split' | 'drop-split' | 'rewrite';
  line: number;
  text: string;
  edit: { annotation: string; value: string | null; source: string } | null;
  took_s: number | null;
  estimate_s: number | null;
  workers: number | null;
}

export interface ICellTiming {
  run_id: string;
  duration_s: number;
  slots: number;
}

export interface ICellCheck {
  cell_id: string;
  cell_number: number;
  title: string | null;
  kind: 'cell' | 'parameters';
  reads: INameRead[];
  writes: string[];
  changes: INameChange[];
  deletes: string[];
  effects: ICause[];
  waits: IWait[];
  placement: Placement;
  group: string | null;
  barrier: boolean;
  reasons: ICause[];
  beside: ICellRef[];
  loops: ILoopCheck[];
  suggestions: ISuggestion[];
  timing: ICellTiming | null;
  limits: string[];
}

/** What the compiler makes of a notebook; refused ones have no workflow. Annotations are values as written, by cell. */
export interface ICompiled {
  workflow: IWorkflow | null;
  cells: ICellCheck[];
  diagnostics: IDiagnostic[];
  annotations: Record<string, Record<string, string>>;
}

export interface IAnnotationKey {
  key: string;
  scope: 'cell' | 'function';
  expects: string;
  example: string;
  summary: string;
  everyday: boolean;
  in_effect: boolean;
}

/** Sets an annotation; null removes it. */
export interface IAnnotationEdit {
  key: string;
  value: string | null;
}

export type RunStateName = 'running' | 'ok' | 'failed' | 'cancelled' | 'killed';

export interface IRunSummary {
  id: string;
  /** A contents path, or the file where it lies outside the server's root. */
  path: string;
  state: RunStateName;
  started_at: number;
  duration_s: number;
  parameters: Record<string, unknown>;
  /** The same as Python writes them: JavaScript has no 1.0. */
  parameter_texts: Record<string, string>;
  executor: string;
  slots: number;
  steps_total: number;
  steps_done: number;
  speedup: number | null;
  batches: number;
  sweep: string | null;
  /** From 0; null for the run of what all rows share. */
  sweep_row: number | null;
  sweep_rows: number | null;
  /** By cell: the SHA-256 of the source that the run was started with. */
  source_digests: Record<string, string>;
  output: string | null;
}

export interface IRunOptions {
  address?: string;
  max_parallelism?: number;
  cache?: boolean;
  eager?: boolean;
  guards?: boolean;
}

export interface IRunFailure {
  cell_number: number | null;
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface IRunEnd {
  status: RunStatus | 'killed';
  failure: IRunFailure | null;
}

export interface IEngineStatus {
  engine: {
    state: 'none' | 'starting' | 'ready';
    slots: number | null;
    resources: Record<string, number> | null;
    runs_active: number;
    address: string | null;
  } | null;
  interpreter: string | null;
  problem: { message: string; remedy: string } | null;
}
