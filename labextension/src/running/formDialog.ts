// A dialog that is accepted only when its form has no errors.

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

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
