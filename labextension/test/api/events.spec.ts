import type { Client } from '../../src/api/client';
import { RunFeed } from '../../src/api/events';
import type { IRunEnd, RunEvent } from '../../src/api/types';

/** A socket that the test plays the server for. */
class FakeSocket {
  static opened: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {
    FakeSocket.opened.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  send(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const client = {
  settings: { WebSocket: FakeSocket },
  eventsUrl: (id: string, path: string, after: number) => `${id}?path=${path}&after=${after}`
} as unknown as Client;

const event = (seq: number): RunEvent => ({
  v: 1, type: 'MessageLogged', seq, at: 0, level: 'info', text: String(seq), code: ''
});

describe('RunFeed', () => {
  let feed: RunFeed;
  let seqs: number[];
  let ends: IRunEnd[];

  beforeEach(() => {
    jest.useFakeTimers();
    FakeSocket.opened = [];
    seqs = [];
    ends = [];
    feed = new RunFeed(client, 'run', 'a.ipynb');
    feed.received.connect((_, events) => seqs.push(...events.map(one => one.seq)));
    feed.ended.connect((_, end) => ends.push(end));
    feed.open();
  });

  afterEach(() => {
    feed.dispose();
    jest.useRealTimers();
  });

  it('asks again behind the last event that came when the connection was lost', () => {
    const [first] = FakeSocket.opened;
    first.onopen?.();
    first.send({ events: [event(0), event(1)] });
    first.onclose?.();
    expect(feed.state).toBe('lost');
    jest.advanceTimersByTime(1000);
    const second = FakeSocket.opened[1];
    expect(second.url).toContain('after=2');
    second.send({ events: [event(1), event(2)] });
    jest.advanceTimersByTime(100);
    expect(seqs).toEqual([0, 1, 2]);
  });

  it('waits longer after each vain attempt', () => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      FakeSocket.opened[attempt].onclose?.();
      jest.advanceTimersByTime(12_000);
      expect(FakeSocket.opened).toHaveLength(attempt + 2);
    }
    FakeSocket.opened[6].onclose?.();
    jest.advanceTimersByTime(3_000);
    expect(FakeSocket.opened).toHaveLength(7);
  });

  it('tells what came within a frame at once, and the end after the last event', () => {
    const heard = jest.fn();
    feed.received.connect(heard);
    const [socket] = FakeSocket.opened;
    socket.send({ events: [event(0)] });
    socket.send({ events: [event(1)] });
    socket.send({ end: { status: 'ok', failure: null } });
    expect(heard).not.toHaveBeenCalled();
    jest.advanceTimersByTime(100);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(seqs).toEqual([0, 1]);
    expect(ends).toEqual([{ status: 'ok', failure: null }]);
    expect(socket.isClosed).toBe(true);
    expect(feed.state).toBe('ended');
  });
});
