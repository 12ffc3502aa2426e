import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { IRunSummary } from '../../api/types';
import { staleCells } from '../../model/staleCells';
import type { WorkflowModel } from '../../model/workflowModel';
import { badgeOf, type IBadge } from './badgeText';

/** `annotated`: only where there is more to say than where the cell runs. */
export type BadgeChoice = 'all' | 'annotated' | 'none';

interface IShown {
  readonly node: HTMLButtonElement;
  readonly key: string;
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
    const edited = run?.end ? this.editedSince(run.summary) : new Set<string>();
    const checks = new Map(compilation.lastGood.cells.map(check => [check.cell_id, check]));
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
          step: steps.get(id) ?? null,
          isOld: compilation.isRefused,
          isEdited: edited.has(id)
        },
        this.trans
      );
      this.show(cell, badge && this.isWanted(badge) ? badge : null);
    }
  }

  private editedSince(run: IRunSummary): Set<string> {
    const cells = this.model.panel.model?.cells ?? [];
    return staleCells(run, Array.from(cells, cell => [cell.id, cell.sharedModel.getSource()] as const));
  }

  private isWanted(badge: IBadge): boolean {
    const choice = this.choice();
    return choice === 'all' || (choice === 'annotated' && (badge.kind !== 'plain' || badge.run !== null));
  }

  private show(cell: Cell, badge: IBadge | null): void {
    const shown = this.shown.get(cell);
    if (!badge) {
      shown?.node.remove();
      this.shown.delete(cell);
      return;
    }
    const key = JSON.stringify(badge);
    if (shown?.key !== key || !shown.node.isConnected) {
      const node = shown?.node ?? this.create(cell);
      this.fill(node, badge);
      this.shown.set(cell, { node, key });
      if (!node.isConnected) {
        cell.node.append(node);
      }
    }
  }

  private create(cell: Cell): HTMLButtonElement {
    const node = document.createElement('button');
    node.type = 'button';
    node.append(document.createElement('span'), document.createElement('span'));
    node.addEventListener('click', event => {
      event.stopPropagation();
      this.model.selectCell(cell.model.id);
      this.open();
    });
    return node;
  }

  /** Writes into the same node: a new one at every batch would have the browser lay the notebook out anew. */
  private fill(node: HTMLButtonElement, badge: IBadge): void {
    const texts = [badge.text, badge.run?.text ?? ''];
    node.className = `naavre-Badge naavre-mod-${badge.kind}`;
    node.classList.toggle('naavre-mod-old', badge.isOld);
    node.classList.toggle('naavre-mod-edited', badge.run?.isEdited === true);
    node.dataset.run = badge.run?.state ?? '';
    [...node.children].forEach((part, index) => {
      const text = texts[index];
      part.className = text && ['naavre-Badge-plan', 'naavre-Badge-run'][index];
      part.textContent = text;
    });
    node.title = [badge.hint, badge.run?.hint].filter(Boolean).join('\n\n');
    node.setAttribute('aria-label', this.trans.__('Workflow: %1', texts.filter(Boolean).join(', ')));
  }

  private frame = 0;
  private _isDisposed = false;
  private readonly shown = new Map<Cell, IShown>();
}
