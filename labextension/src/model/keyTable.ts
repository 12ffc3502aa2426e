import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';
import type { IAnnotationKey } from '../api/types';

/** The annotations that there are, asked for once; empty until the server has answered. */
export class KeyTable {
  readonly loaded = new Signal<this, void>(this);

  constructor(private readonly client: Client) {}

  get rows(): readonly IAnnotationKey[] {
    return this._rows;
  }

  get names(): ReadonlySet<string> {
    return this._names;
  }

  row(key: string): IAnnotationKey | null {
    return this._rows.find(row => row.key === key) ?? null;
  }

  /** Asks the server if that hasn't been done; a failure is asked again at the next call. */
  load(): void {
    if (this.isAsked) {
      return;
    }
    this.isAsked = true;
    this.client.annotationKeys().then(
      rows => {
        this._rows = rows;
        this._names = new Set(rows.map(row => row.key));
        this.loaded.emit();
      },
      () => {
        this.isAsked = false;
      }
    );
  }

  private isAsked = false;
  private _rows: readonly IAnnotationKey[] = [];
  private _names: ReadonlySet<string> = new Set();
}
