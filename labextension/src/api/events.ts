import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Client } from './client';
import type { IRunEnd, RunEvent } from './types';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;

/** `open`: events arrive as they happen. `lost`: trying to reach the server again. */
export type FeedState = 'connecting' | 'open' | 'lost' | 'ended';

interface IFrame {
  events?: RunEvent[];
  end?: IRunEnd;
}

/**
 * The events of one run, each once and in order, from number `after` on.
 *
 * A lost connection is opened again behind the last event that came, with growing delays. Frames that
 * arrive within one animation frame are told together. `ended` comes once, after the last event.
 */
export class RunFeed implements IDisposable {
  readonly received = new Signal<this, readonly RunEvent[]>(this);
  readonly ended = new Signal<this, IRunEnd>(this);
  readonly stateChanged = new Signal<this, FeedState>(this);

  constructor(
    private readonly client: Client,
    readonly runId: string,
    readonly path: string,
    after = 0
  ) {
    this.next = after;
  }

  get state(): FeedState {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Opens the connection; nothing is lost between this and the first event. */
  open(): void {
    if (this._isDisposed || this.socket || this._state === 'ended') {
      return;
    }
    const url = this.client.eventsUrl(this.runId, this.path, this.next);
    const socket = new this.client.settings.WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_DELAY_MS;
      this.setState('open');
    };
    socket.onmessage = message => this.take(JSON.parse(String(message.data)) as IFrame);
    socket.onclose = () => this.lose(socket);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.close();
    Signal.clearData(this);
  }

  private take(frame: IFrame): void {
    for (const event of frame.events ?? []) {
      if (event.seq >= this.next) {
        this.waiting.push(event);
        this.next = event.seq + 1;
      }
    }
    this.end = frame.end ?? this.end;
    if (this.timer === null) {
      this.timer = requestSoon(() => this.flush());
    }
  }

  private flush(): void {
    this.timer = null;
    const events = this.waiting;
    this.waiting = [];
    if (events.length) {
      this.received.emit(events);
    }
    if (this.end && !this._isDisposed) {
      this.setState('ended');
      this.ended.emit(this.end);
      this.close();
    }
  }

  private lose(socket: WebSocket): void {
    if (this.socket !== socket) {
      return;
    }
    this.socket = null;
    if (this.end || this._isDisposed) {
      return;
    }
    this.setState('lost');
    this.retry = window.setTimeout(() => this.open(), this.delay * (0.75 + Math.random() / 2));
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS);
  }

  private close(): void {
    window.clearTimeout(this.retry);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private setState(state: FeedState): void {
    if (state !== this._state) {
      this._state = state;
      this.stateChanged.emit(state);
    }
  }

  private _state: FeedState = 'connecting';
  private _isDisposed = false;
  private next: number;
  private waiting: RunEvent[] = [];
  private end: IRunEnd | null = null;
  private socket: WebSocket | null = null;
  private delay = FIRST_DELAY_MS;
  private retry = 0;
  private timer: number | null = null;
}

/** Before the next paint; in a hidden tab, where nothing is painted, soon as well. */
function requestSoon(callback: () => void): number {
  return document.hidden ? window.setTimeout(callback, 50) : requestAnimationFrame(callback);
}
