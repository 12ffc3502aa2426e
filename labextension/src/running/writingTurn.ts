// Who writes a run's outputs into a notebook that several people have open: one page, as all would write the same.

import type { ISharedNotebook } from '@jupyter/ydoc';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Client } from '../api/client';

const RETRY_MS = 1000;
/** Text that the page before had sent when it went away has arrived by then. */
const HANDED_OVER_MS = 1000;
const WRITTEN = 'written';

interface ITurnFrame {
  readonly turn?: boolean;
  readonly handed_over?: boolean;
  readonly written?: boolean;
}

/**
 * This page's turn to write, which the server gives to one page at a time of those that share a notebook.
 *
 * A notebook that isn't shared has one page, whose turn it always is.
 */
export class WritingTurn implements IDisposable {
  /** The turn came, or another page has written everything. */
  readonly changed = new Signal<this, void>(this);

  constructor(
    private readonly _client: Client,
    notebook: ISharedNotebook,
    private readonly _runId: string
  ) {
    this._document = documentOf(notebook);
    this._isOurs = this._document === null;
    this._open();
  }

  get isOurs(): boolean {
    return this._isOurs;
  }

  /** Another page has written everything; there is nothing left to do. */
  get isWritten(): boolean {
    return this._isWritten;
  }

  /** Tells the others that this page has written everything. */
  tellWritten(): void {
    if (this._isOurs) {
      this._socket?.send(WRITTEN);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this._socket?.close();
      Signal.clearData(this);
    }
  }

  private _open(): void {
    if (this._document === null || this._isDisposed) {
      return;
    }
    const socket = new this._client.settings.WebSocket(this._client.turnUrl(this._runId, this._document));
    this._socket = socket;
    socket.onmessage = message => this._take(JSON.parse(String(message.data)) as ITurnFrame);
    socket.onclose = () => this._lose();
  }

  private _take(frame: ITurnFrame): void {
    if (frame.written) {
      this._isWritten = true;
      this.changed.emit();
    } else if (frame.turn) {
      this._timer = window.setTimeout(() => this._begin(), frame.handed_over ? HANDED_OVER_MS : 0);
    }
  }

  private _begin(): void {
    this._isOurs = true;
    this.changed.emit();
  }

  /** The server can't be reached: another page has the turn by now, or gets it. */
  private _lose(): void {
    window.clearTimeout(this._timer);
    this._isOurs = false;
    this._socket = null;
    if (!this._isDisposed && !this._isWritten) {
      this._timer = window.setTimeout(() => this._open(), RETRY_MS);
    }
  }

  private readonly _document: string | null;
  private _socket: WebSocket | null = null;
  private _timer = 0;
  private _isOurs: boolean;
  private _isWritten = false;
  private _isDisposed = false;
}

/** What all pages know a shared notebook by; null for one that only this page has. */
function documentOf(notebook: ISharedNotebook): string | null {
  const { getState } = notebook as { getState?: (name: string) => unknown };
  const id = getState?.call(notebook, 'document_id');
  return typeof id === 'string' && id ? id : null;
}
