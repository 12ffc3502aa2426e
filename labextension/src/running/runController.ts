// Running one open notebook: starting, following, stopping, resuming, and taking up again after a reload.

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { RequestError } from '../api/client';
import type { IDiagnostic, IRunOptions, IRunSummary } from '../api/types';
import { notebookContent } from '../model/notebookContent';
import { RunModel } from '../model/runModel';
import type { WorkflowModel } from '../model/workflowModel';
import { Company } from './company';
import { LiveOutputs } from './liveOutputs';
import { WidgetPage } from './widgetPage';
import type { ParameterValue } from './literals';
import { IRunProblem, problemOf } from './problem';
import { Reminder, type IRunMemory } from './reminder';

export type RunPhase = 'idle' | 'starting' | 'running' | 'stopping' | 'over';

/** What a run is asked to do. Secrets are sent, and kept nowhere. */
export interface IRunChoice {
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly options: IRunOptions;
  readonly secrets: Readonly<Record<string, string>>;
}

/** The run that a notebook follows; its outputs stream into the cells. */
export class RunController implements IDisposable {
  readonly changed = new Signal<this, void>(this);
  /** A run ended that was going on, or that ended while nobody looked; its outputs are in the cells, of megabytes a part. */
  readonly ended = new Signal<this, RunModel>(this);

  constructor(
    readonly workflow: WorkflowModel,
    memory: IRunMemory,
    private readonly _options: () => IRunOptions = () => ({})
  ) {
    workflow.runChanged.connect(this._onShown, this);
    workflow.compiled.connect(this._onCompiled, this);
    workflow.panel.disposed.connect(this.dispose, this);
    this._reminder = new Reminder(memory, workflow.panel);
    void workflow.panel.context.ready.then(() => this._join());
  }

  get phase(): RunPhase {
    return this._phase;
  }

  /** The run that is followed, or that ended last. */
  get run(): RunModel | null {
    return this._run;
  }

  get problem(): IRunProblem | null {
    return this._problem;
  }

  get isActive(): boolean {
    return ['starting', 'running', 'stopping'].includes(this._phase);
  }

  /** What the last run of this page was asked to do, without secrets. */
  get lastChoice(): IRunChoice | null {
    return this._lastChoice;
  }

  /** The options of a run for which nothing else is asked. */
  get standardOptions(): IRunOptions {
    return this._options();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Starts a run of the notebook as it is now, unsaved edits included. */
  async start(choice: IRunChoice): Promise<void> {
    this._lastChoice = { ...choice, secrets: {} };
    const { panel, path, client } = this.workflow;
    await this._begin(() =>
      client.startRun({
        path,
        notebook: notebookContent(panel),
        parameters: choice.parameters,
        secrets: choice.secrets,
        options: choice.options,
        kernel_name: panel.sessionContext.session?.kernel?.name
      })
    );
  }

  /** Starts a run that takes over what the last one has stored. Secrets are asked for anew: they are never stored. */
  async resume(secrets: Readonly<Record<string, string>> = {}): Promise<void> {
    const { panel, client } = this.workflow;
    const summary = this._run?.summary;
    if (summary) {
      const options = this._lastChoice?.options ?? this.standardOptions;
      await this._begin(() =>
        client.resumeRun(summary.id, summary.path, notebookContent(panel), options, secrets)
      );
    }
  }

  /** Has the run stop; what is done is kept. */
  async stop(): Promise<void> {
    const run = this._run;
    if (!run || this._phase !== 'running') {
      return;
    }
    this._setPhase('stopping');
    try {
      await this.workflow.client.cancelRun(run.id, run.summary.path);
    } catch (error) {
      if (error instanceof RequestError && error.status === 409) {
        return; // it was over before the request came; its end is on the way
      }
      this._problem = problemOf(error);
      this._setPhase('running');
    }
  }

  /** Follows this run: its outputs come into the cells, from its first event on. `isNews`: its end is told. */
  follow(summary: IRunSummary, isNews = summary.state === 'running'): void {
    this._letGo();
    this._isNews = isNews;
    this._reminder.follow(summary.id);
    this._problem = null;
    this._summary = summary;
    const shown = this.workflow.showRun(summary);
    if (shown) {
      this._attach(shown);
    }
    this._setPhase('running');
  }

  /** Shows why the notebook can't be run, at the first of the cells. */
  refuse(diagnostics: readonly IDiagnostic[]): void {
    const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error');
    this._setProblem({ message: '', diagnostics: errors });
  }

  /** Shows what went wrong before a run. */
  fail(error: unknown): void {
    this._setProblem(problemOf(error));
  }

  /** Forgets a problem, or a run that is over. */
  dismiss(): void {
    this._problem = null;
    if (this._phase === 'over') {
      this._letGo();
      this._run = null;
      this._summary = null;
      this._setPhase('idle');
    } else {
      this.changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._letGo();
    this._reminder.dispose();
    this._company?.dispose();
    Signal.clearData(this);
  }

  private async _begin(request: () => Promise<IRunSummary>): Promise<void> {
    if (this.isActive) {
      return;
    }
    this._problem = null;
    this._setPhase('starting');
    try {
      const summary = await request();
      if (this._isDisposed) {
        return;
      }
      this._reminder.begin(summary.id);
      this.follow(summary, true);
    } catch (error) {
      this._phase = this._run ? 'over' : 'idle';
      this.fail(error);
    }
  }

  /** The notebook is there. */
  private async _join(): Promise<void> {
    const { model } = this.workflow.panel;
    if (model && !this._isDisposed) {
      this._company = new Company(model.sharedModel, () => void this._takeUp());
    }
    await this._takeUp();
  }

  /**
   * After the notebook was opened, or when another page with it follows a run: follows the run that goes on, or that
   * ended while nobody looked. Of a run that was seen to its end, only how it went is shown at the cells.
   */
  private async _takeUp(): Promise<void> {
    try {
      const { client, path } = this.workflow;
      const runs = await client.runs(path);
      const remembered = await this._reminder.recall();
      const isRemembered = (run: IRunSummary): boolean => run.id === remembered;
      const found =
        runs.find(run => run.state === 'running' && run.sweep === null) ??
        runs.find(isRemembered) ??
        // Its record stays in the folder that the notebook was moved from.
        (remembered ? (await client.runs('')).find(isRemembered) : undefined);
      if (found && !this._isDisposed && !this.isActive && found.id !== this._run?.id) {
        this.follow(found, true);
      }
      const last = runs.find(run => run.sweep === null);
      if (last && !found && !this._isDisposed && !this.workflow.run) {
        this.workflow.showRun(last);
      }
    } catch {
      // Without our server there is no run to take up; starting one tells why.
    }
  }

  /** What kept the notebook from being run may have been mended. */
  private _onCompiled(): void {
    if (this._problem?.diagnostics.length && this.workflow.compilation.result.workflow) {
      this._problem = null;
      this.changed.emit();
    }
  }

  private _attach(run: RunModel): void {
    const { model } = this.workflow.panel;
    this._run = run;
    this._company?.follow(run.id);
    const widgets = new WidgetPage(this.workflow.panel);
    this._outputs = model && new LiveOutputs(this.workflow.client, run, model, widgets);
    run.changed.connect(this._onChanged, this);
  }

  /** The run's model went with another run that is shown now: outputs go on through one of our own. */
  private _onShown(): void {
    if (!this._isDisposed && this._summary && this._run?.isDisposed && this._phase !== 'over') {
      const shown = this.workflow.run;
      const isOurs = shown?.id === this._summary.id && !shown.isDisposed;
      this._outputs?.dispose();
      this._own = isOurs ? null : new RunModel(this.workflow.client, this._summary);
      const run = isOurs ? shown : this._own;
      if (run) {
        this._attach(run);
      }
    }
  }

  private _onChanged(run: RunModel): void {
    if (run.end && this._phase !== 'over') {
      this._outputs?.finish();
      this._phase = 'over';
      this._reminder.end(() => this._outputs?.isDisposed ?? true);
      if (this._isNews) {
        this.ended.emit(run);
      }
    }
    this.changed.emit();
  }

  private _letGo(): void {
    this._outputs?.dispose();
    this._outputs = null;
    if (this._run && !this._run.isDisposed) {
      this._run.changed.disconnect(this._onChanged, this);
    }
    this._own?.dispose();
    this._own = null;
  }

  private _setProblem(problem: IRunProblem): void {
    this._problem = problem;
    const first = problem.diagnostics.find(diagnostic => diagnostic.cell_id !== null);
    if (first?.cell_id) {
      this.workflow.selectCell(first.cell_id);
    }
    this.changed.emit();
  }

  private _setPhase(phase: RunPhase): void {
    this._phase = phase;
    this.changed.emit();
  }

  private readonly _reminder: Reminder;
  private _phase: RunPhase = 'idle';
  private _run: RunModel | null = null;
  private _own: RunModel | null = null;
  private _summary: IRunSummary | null = null;
  private _outputs: LiveOutputs | null = null;
  private _company: Company | null = null;
  private _problem: IRunProblem | null = null;
  private _lastChoice: IRunChoice | null = null;
  private _isNews = false;
  private _isDisposed = false;
}
