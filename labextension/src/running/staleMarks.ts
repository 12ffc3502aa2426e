// Cells that were edited since the run whose outputs they show.

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { IRunSummary } from '../api/types';
import { staleCells } from '../model/staleCells';

const DELAY_MS = 300;
const CLASS = 'naavre-mod-stale';

/** Marks stale cells of a notebook, as they are edited. */
export class StaleMarks implements IDisposable {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _trans: TranslationBundle
  ) {
    _panel.content.modelContentChanged.connect(this._onContent, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Compares with this run from now on; null marks nothing. */
  compareWith(run: IRunSummary | null): void {
    this._run = run;
    this._mark();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this._panel.content.modelContentChanged.disconnect(this._onContent, this);
    }
  }

  private _onContent(): void {
    if (this._run && !this._timer) {
      this._timer = window.setTimeout(() => this._mark(), DELAY_MS);
    }
  }

  private _mark(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    const run = this._run;
    if (this._isDisposed || this._panel.isDisposed) {
      return;
    }
    const { widgets } = this._panel.content;
    const sources = widgets
      .filter(cell => cell.model.type === 'code')
      .map(cell => [cell.model.id, cell.model.sharedModel.getSource()] as const);
    const stale = run ? staleCells(run, sources) : new Set<string>();
    for (const cell of widgets) {
      const isStale = stale.has(cell.model.id);
      if (isStale !== cell.hasClass(CLASS)) {
        cell.toggleClass(CLASS, isStale);
        this._note(cell.node, isStale);
      }
    }
  }

  private _note(node: HTMLElement, isStale: boolean): void {
    node.querySelector('.naavre-StaleNote')?.remove();
    if (isStale) {
      const note = document.createElement('div');
      note.className = 'naavre-StaleNote';
      note.setAttribute('role', 'note');
      note.textContent = this._trans.__('edited since this run');
      node.querySelector('.jp-Cell-outputWrapper')?.before(note);
    }
  }

  private _run: IRunSummary | null = null;
  private _timer = 0;
  private _isDisposed = false;
}
