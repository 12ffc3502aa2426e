import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { toJsonText, type ParameterValue } from '../running/literals';
import type {
  IAnnotationEdit,
  IAnnotationKey,
  ICompiled,
  IDiagnostic,
  IEngineStatus,
  IRunFailure,
  IRunOptions,
  IRunSummary,
  IWorkflow,
  RunStateName,
  RunEvent
} from './types';

const ROOT = 'naavre-ext';

/** Notebook content as the contents manager would save it. */
export type NotebookJSON = Record<string, unknown>;

export interface IStartRequest {
  path: string;
  notebook: NotebookJSON;
  parameters?: Readonly<Record<string, ParameterValue>>;
  secrets?: Readonly<Record<string, string>>;
  options?: IRunOptions;
  output?: string;
  kernel_name?: string;
}

export interface ISweepRequest {
  path: string;
  notebook: NotebookJSON;
  rows: readonly Readonly<Record<string, ParameterValue>>[];
  options?: IRunOptions;
  output?: string;
  secrets?: Readonly<Record<string, string>>;
  kernel_name?: string;
  /** How many run at once; as many as there are slots without it. */
  jobs?: number;
}

export type IResumeSweepRequest = Omit<ISweepRequest, 'rows' | 'output'> & {
  /** Rows that ended well may run again, as they do after an edit; else that is refused with this field's name. */
  anew?: boolean;
};

/** A row of a sweep: `run` once it has one, `message` where it failed. */
export interface ISweepRow {
  parameters: Record<string, unknown>;
  parameter_texts: Record<string, string>;
  state: RunStateName | 'queued';
  run: string | null;
  message: string | null;
}

export interface ISweep {
  sweep: string;
  rows: ISweepRow[];
  runs: IRunSummary[];
  /** The run of what all rows share, once it has begun. */
  shared: IRunSummary | null;
}

export interface IRunDetails {
  run: IRunSummary;
  workflow: IWorkflow | null;
  failure: IRunFailure | null;
  parameters: Record<string, unknown>;
}

export interface IRunVariable {
  name: string;
  type: string;
  size: number | null;
}

/** The server said no. `status` is HTTP's, 0 when it couldn't be reached; `diagnostics` name the places. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null = null,
    readonly diagnostics: readonly IDiagnostic[] = [],
    readonly reason: string | null = null
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/** The routes of the server extension, typed. Every method rejects with a `RequestError` only. */
export class Client {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  async annotationKeys(): Promise<IAnnotationKey[]> {
    return (await this.get<{ keys: IAnnotationKey[] }>('annotation-keys')).keys;
  }

  /** What the compiler makes of this content; nothing is executed. */
  compile(path: string, notebook: NotebookJSON, signal?: AbortSignal): Promise<ICompiled> {
    return this.request('POST', 'compile', { path, notebook }, signal);
  }

  /** The cell's source with these annotations set or removed, and nothing else touched. */
  async annotate(source: string, edits: IAnnotationEdit[]): Promise<string> {
    return (await this.request<{ source: string }>('POST', 'annotate', { source, edits })).source;
  }

  status(path: string): Promise<IEngineStatus> {
    return this.get('status', { path });
  }

  /** Has a Ray made ready in the background. */
  async warm(path: string, address?: string): Promise<void> {
    await this.request('POST', 'warm', address ? { path, address } : { path });
  }

  /** The runs of a notebook, newest first; those of all when `path` is empty. */
  async runs(path: string): Promise<IRunSummary[]> {
    return (await this.get<{ runs: IRunSummary[] }>('runs', { path })).runs;
  }

  async startRun(request: IStartRequest): Promise<IRunSummary> {
    return (await this.request<{ run: IRunSummary }>('POST', 'runs', request)).run;
  }

  run(id: string, path: string): Promise<IRunDetails> {
    return this.get(runRoute(id), { path });
  }

  async deleteRun(id: string, path: string): Promise<void> {
    await this.request('DELETE', withQuery(runRoute(id), { path }));
  }

  async cancelRun(id: string, path: string): Promise<void> {
    await this.request('POST', withQuery(runRoute(id, 'cancel'), { path }), {});
  }

  /** A new run that takes over what run `id` has stored. */
  async resumeRun(
    id: string,
    path: string,
    notebook: NotebookJSON,
    options?: IRunOptions,
    secrets?: Readonly<Record<string, string>>
  ): Promise<IRunSummary> {
    const body = { path, notebook, options, secrets };
    return (await this.request<{ run: IRunSummary }>('POST', runRoute(id, 'resume'), body)).run;
  }

  timeline<T>(id: string, path: string): Promise<T> {
    return this.get(runRoute(id, 'timeline'), { path });
  }

  /** The contents path of the executed notebook, which is put beside the notebook unless `isWritten` elsewhere. */
  async executedNotebook(id: string, path: string, isWritten = false): Promise<string> {
    const route = runRoute(id, 'notebook');
    const answer = isWritten
      ? this.get<{ path: string }>(route, { path })
      : this.request<{ path: string }>('POST', route, { path });
    return (await answer).path;
  }

  events(
    id: string,
    path: string,
    after = 0
  ): Promise<{ events: RunEvent[]; next: number; ended: boolean }> {
    return this.get(runRoute(id, 'events'), { path, after: String(after) });
  }

  /** Variables that the run has kept, and the code that brings the named ones into a kernel. */
  variables(
    id: string,
    path: string,
    names?: string[]
  ): Promise<{ variables: IRunVariable[]; code: string }> {
    const query: Record<string, string> = names ? { path, names: names.join(',') } : { path };
    return this.get(runRoute(id, 'variables'), query);
  }

  startSweep(request: ISweepRequest): Promise<ISweep> {
    return this.request('POST', 'sweeps', request);
  }

  /** The rows of a sweep, in the table's order, and their runs. */
  sweep(id: string, path: string): Promise<ISweep> {
    return this.get(`sweeps/${encodeURIComponent(id)}`, { path });
  }

  /** Has all rows of a sweep stop, or one, counted from 0. */
  async cancelSweep(id: string, row?: number): Promise<void> {
    await this.request('POST', `sweeps/${encodeURIComponent(id)}/cancel`, { row });
  }

  /** Runs the rows again that didn't end well; what all rows share is taken over. */
  resumeSweep(id: string, request: IResumeSweepRequest): Promise<ISweep> {
    return this.request('POST', `sweeps/${encodeURIComponent(id)}/resume`, request);
  }

  async export(
    path: string,
    notebook: NotebookJSON,
    format: 'mermaid' | 'svg' | 'program'
  ): Promise<string> {
    return (await this.request<{ text: string }>('POST', 'export', { path, notebook, format })).text;
  }

  /** The address of a run's websocket, its events from number `after` on. */
  eventsUrl(id: string, path: string, after: number): string {
    return this.socketUrl(runRoute(id, 'events/socket'), { path, after: String(after) });
  }

  /** The address of the websocket that tells whose turn it is to write a run's outputs into a shared document. */
  turnUrl(id: string, document: string): string {
    return this.socketUrl(runRoute(id, 'turn/socket'), { document });
  }

  private socketUrl(route: string, query: Record<string, string>): string {
    const { appendToken, token, wsUrl } = this.settings;
    const whole = appendToken && token ? { ...query, token } : query;
    return URLExt.join(wsUrl, ROOT, withQuery(route, whole));
  }

  private get<T>(route: string, query: Record<string, string> = {}): Promise<T> {
    return this.request('GET', withQuery(route, query));
  }

  private async request<T>(
    method: string,
    route: string,
    body?: object,
    signal?: AbortSignal
  ): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, ROOT, route);
    const init: RequestInit = { method, signal };
    if (body) {
      init.body = toJsonText(body);
    }
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      throw new RequestError(0, error instanceof Error ? error.message : String(error));
    }
    if (!response.ok) {
      throw await errorOf(response);
    }
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

function runRoute(id: string, rest = ''): string {
  return `runs/${encodeURIComponent(id)}${rest && '/' + rest}`;
}

function withQuery(route: string, query: Record<string, string>): string {
  return route + URLExt.objectToQueryString(query);
}

async function errorOf(response: Response): Promise<RequestError> {
  let body: Partial<RequestError> = {};
  try {
    body = (await response.json()) as Partial<RequestError>;
  } catch {
    // Not our server's answer: a proxy's page, or the extension isn't enabled.
  }
  const missing =
    'The naavre-ext server extension is not enabled. Run: jupyter server extension enable naavre_ext';
  const fallback = response.status === 404 ? missing : `${response.status} ${response.statusText}`;
  return new RequestError(
    response.status,
    body.message ?? fallback,
    body.field ?? null,
    body.diagnostics ?? [],
    body.reason ?? null
  );
}
