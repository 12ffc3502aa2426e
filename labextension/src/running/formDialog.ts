// A dialog that is accepted only when its form has no errors.

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

const FOCUSABLE = 'input:not(:disabled), select, textarea, button:not([tabindex="-1"]), summary';

/** The body of a form dialog: it holds what is typed. */
export abstract class FormBody<T> extends ReactWidget implements Dialog.IBodyWidget<T> {
  constructor() {
    super();
    this.addClass('naavre-FormBody');
  }

  /** Whether the form can be accepted as it is. */
  abstract readonly isValid: boolean;

  abstract getValue(): T;

  protected abstract override render(): ReactElement;
}

/** Resolves with the form's value; null when it was given up. */
export async function askForm<T>(
  title: string,
  body: FormBody<T>,
  accept: string,
  trans: TranslationBundle
): Promise<T | null> {
  const dialog = new FormDialog<T>(title, body, accept, trans);
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}

class FormDialog<T> extends Dialog<T> {
  constructor(
    title: string,
    private readonly _form: FormBody<T>,
    accept: string,
    trans: TranslationBundle
  ) {
    super({
      title,
      body: _form,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: accept })
      ],
      focusNodeSelector: '.naavre-FormBody input:not([type="checkbox"]):not(:disabled)'
    });
    this.addClass('naavre-FormDialog');
    this.node.setAttribute('aria-label', title);
  }

  /**
   * What is in the form keeps its keys: JupyterLab's dialogs take Enter and the arrows, also from the form's own
   * buttons, tabs and summaries, and Tab on the last button leads to the first one of what was there at the start.
   */
  override handleEvent(event: Event): void {
    if (event.type === 'keydown' && event.target instanceof HTMLElement) {
      const { key, shiftKey } = event as KeyboardEvent;
      if (this._form.node.contains(event.target)) {
        const isSubmit = key === 'Enter' && event.target instanceof HTMLInputElement;
        if (key !== 'Escape' && !isSubmit) {
          return;
        }
      } else if (key === 'Tab' && !shiftKey && event.target === this._lastButton) {
        event.preventDefault();
        event.stopPropagation();
        this._form.node.querySelector<HTMLElement>(FOCUSABLE)?.focus();
        return;
      }
    }
    super.handleEvent(event);
  }

  private get _lastButton(): Element | undefined {
    return [...this.node.querySelectorAll('.jp-Dialog-footer button')].pop();
  }

  /** Without an index, that of the default button: the one that accepts. */
  override resolve(index?: number): void {
    const isAccept = index === undefined || index === 1;
    if (isAccept && !this._form.isValid) {
      this._form.node.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    super.resolve(index);
  }
}
