import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { WorkflowModel } from '../../model/workflowModel';
import { badgeOf, type IBadge } from './badgeText';

/** `annotated`: only where there is more to say than where the cell runs. */
export type BadgeChoice = 'all' | 'annotated' | 'none';

interface IShown {
  readonly node: HTMLElement;
  key: string;
}

/** Keeps a badge on each cell of one notebook, up to date with the compiler and the run. */
export class CellBadges implements IDisposable {
  constructor(
    private readonly model: WorkflowModel,
    private readonly trans: TranslationBundle,
    private readonly choice: () => BadgeChoice,
    private readonly open: () => void
  ) {
    model.compiled.connect(this.schedule, this);
    model.runChanged.connect(this.schedule, this);
    model.panel.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Draws what has changed, before the next paint. */
  schedule(): void {
    if (!this.frame && !this._isDisposed) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.refresh();
      });
    }
  }

  dispose(): void {
    this._isDisposed = true;
    cancelAnimationFrame(this.frame);
  }

  private refresh(): void {
    if (this._isDisposed || this.model.isDisposed) {
      return;
    }
    const { compilation, run } = this.model;
    const steps = new Map(run?.state.steps.map(step => [step.cellId, step]) ?? []);
    const checks = new Map(compilation.result.cells.map(check => [check.cell_id, check]));
    for (const cell of this.model.panel.content.widgets) {
      if (cell.model.type !== 'code') {
        continue;
      }
      const { id } = cell.model;
      const badge = badgeOf(
        {
          check: checks.get(id) ?? null,
          annotations: compilation.annotations(id),
          diagnostics: compilation.diagnostics(id),
          step: steps.get(id) ?? null
        },
        this.trans
      );
      this.show(cell, badge && this.isWanted(badge) ? badge : null);
    }
  }

  private isWanted(badge: IBadge): boolean {
    const choice = this.choice();
    return choice === 'all' || (choice === 'annotated' && (badge.kind !== 'plain' || badge.run !== null));
  }

  private show(cell: Cell, badge: IBadge | null): void {
    const key = JSON.stringify(badge);
    const shown = this.shown.get(cell);
    if (shown?.key === key && shown.node.isConnected) {
      return;
    }
    shown?.node.remove();
    this.shown.delete(cell);
    if (badge) {
      const node = this.draw(cell, badge);
      cell.node.append(node);
      this.shown.set(cell, { node, key });
    }
  }

  private draw(cell: Cell, badge: IBadge): HTMLElement {
    const node = document.createElement('button');
    node.type = 'button';
    node.className = `naavre-Badge naavre-mod-${badge.kind}`;
    node.addEventListener('click', event => {
      event.stopPropagation();
      this.model.selectCell(cell.model.id);
      this.open();
    });
    const parts: string[] = [];
    const add = (className: string, text: string): void => {
      const part = document.createElement('span');
      part.className = className;
      part.textContent = text;
      node.append(part);
      parts.push(text);
    };
    if (badge.text) {
      add('naavre-Badge-plan', badge.text);
    }
    if (badge.run) {
      node.dataset.run = badge.run.state;
      add('naavre-Badge-run', badge.run.text);
    }
    node.title = [badge.hint, badge.run?.hint].filter(Boolean).join('\n\n');
    node.setAttribute('aria-label', this.trans.__('Workflow: %1', parts.join(', ')));
    return node;
  }

  private frame = 0;
  private _isDisposed = false;
  private readonly shown = new Map<Cell, IShown>();
}
