/** What a run's steps and batches wrote, step by step. */

import type { IOutputMessage, RunEvent } from '../api/types';
import { oneLine } from '../panel/wording';
import { settle } from '../running/terminal';

export interface ILogEntry {
  /** `note`: something the run did with the step; the others are what the cell wrote. */
  readonly kind: 'out' | 'err' | 'note';
  readonly text: string;
}

export interface IBatchLog {
  /** The batches that its loop ran in; empty for a loop that the cell came to. */
  readonly within: string;
  readonly split: number;
  readonly batch: number;
  readonly items: number;
  readonly state: 'done' | 'reused' | 'failed';
  readonly worker: string;
  /** Unix seconds. */
  readonly startedAt: number;
  readonly durationS: number;
  /** Why earlier attempts came to nothing. */
  readonly retries: readonly string[];
  readonly failure: string;
}

export interface IStepLog {
  readonly id: string;
  readonly cellId: string;
  readonly cellNumber: number;
  readonly title: string | null;
  readonly entries: readonly ILogEntry[];
  readonly batches: readonly IBatchLog[];
}

interface IStepBook {
  id: string;
  cellId: string;
  cellNumber: number;
  title: string | null;
  entries: ILogEntry[];
  batches: Map<string, IBatchLog>;
}

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

/** Folds a run's events, in order, into logs. What was discarded while the run went on isn't there. */
export class LogBook {
  /** Messages that are of no step. */
  readonly messages: ILogEntry[] = [];

  /** In notebook order. */
  get steps(): readonly IStepLog[] {
    return [...this.books.values()].map(book => ({
      ...book,
      entries: joined(book.entries),
      batches: [...book.batches.values()].sort(byPlace)
    }));
  }

  add(events: Iterable<RunEvent>): void {
    for (const event of events) {
      if (event.type === 'RunStarted') {
        for (const { id, cell_id, cell_number, title } of event.steps) {
          this.books.set(id, { id, cellId: cell_id, cellNumber: cell_number, title, entries: [], batches: new Map() });
        }
      } else if (event.type === 'MessageLogged') {
        this.messages.push({ kind: event.level === 'warning' ? 'err' : 'note', text: event.text });
      } else if (event.type !== 'RunFinished') {
        const book = this.books.get(event.step);
        if (book) {
          note(book, event);
        }
      }
    }
  }

  private readonly books = new Map<string, IStepBook>();
}

type StepEvent = Exclude<RunEvent, { type: 'RunStarted' | 'MessageLogged' | 'RunFinished' }>;

function note(book: IStepBook, event: StepEvent): void {
  const say = (text: string): number => book.entries.push({ kind: 'note', text });
  switch (event.type) {
    case 'CellOutputReceived':
      write(book, event.output);
      break;
    case 'CellOutputsDiscarded':
      book.entries = book.entries.filter(entry => entry.kind === 'note');
      book.batches.clear();
      break;
    case 'StepRelocated':
      say(`runs again in the main worker: ${event.reason}`);
      break;
    case 'StepRetried':
      say(`tried again: ${event.reason}`);
      break;
    case 'SplitStarted':
      if (!event.batches) {
        say(`a loop ran whole: ${event.reason || 'it had too little to do'}`);
      }
      break;
    case 'SplitRefused':
      if (!event.within) {
        say(`a loop ran whole after all: ${event.reason}`);
      } else if (!book.entries.some(entry => entry.text === inBatch(event.reason))) {
        say(inBatch(event.reason));
      }
      break;
    case 'BatchRetried':
      change(book, event, batch => ({ retries: [...batch.retries, event.reason] }));
      break;
    case 'BatchFinished':
      change(book, event, () => ({
        state: 'done',
        items: event.items,
        worker: event.worker,
        startedAt: event.started_at,
        durationS: event.duration_s
      }));
      break;
    case 'BatchReused':
      change(book, event, () => ({ state: 'reused', items: event.items }));
      break;
    case 'StepReused':
      say(`its result is that of run ${event.source}`);
      break;
    case 'StepNotRun':
      say(`did not run: ${event.reason}`);
      break;
    case 'StepFailed': {
      const where = event.item === null ? '' : ` (item ${event.item + 1}: ${oneLine(event.item_repr ?? '')})`;
      book.entries.push({ kind: 'err', text: `failed: ${event.ename}: ${event.evalue}${where}\n` });
      if (event.batch !== null) {
        const failure = `${event.ename}: ${event.evalue}${where}`;
        change(book, { split: 0, batch: event.batch }, () => ({ state: 'failed', failure, worker: event.worker }));
      }
    }
  }
}

/** Said once for each reason, as such a loop may begin often. */
const inBatch = (reason: string): string => `a loop in a batch ran whole: ${reason}`;

interface IPlace {
  readonly split: number;
  readonly batch: number;
  readonly within?: string;
}

/** Those of loops in batches behind the others. */
function byPlace(a: IBatchLog, b: IBatchLog): number {
  const [one, other] = [a, b].map(batch => batch.within);
  return one.localeCompare(other, undefined, { numeric: true }) || a.split - b.split || a.batch - b.batch;
}

/** `3`, and `3 › 2` for the second batch of a loop that ran in the third. */
export function batchName({ within, batch }: Pick<IBatchLog, 'within' | 'batch'>): string {
  const outer = within ? within.split('/').map(place => Number(place.split('.')[1])) : [];
  return [...outer, batch].map(number => number + 1).join(' › ');
}

function change(book: IStepBook, place: IPlace, edit: (batch: IBatchLog) => Partial<IBatchLog>): void {
  const { split, batch, within = '' } = place;
  const key = `${within}/${split}/${batch}`;
  const known: IBatchLog = book.batches.get(key) ?? {
    within,
    split,
    batch,
    items: 0,
    state: 'failed',
    worker: '',
    startedAt: 0,
    durationS: 0,
    retries: [],
    failure: ''
  };
  book.batches.set(key, { ...known, ...edit(known) });
}

function write(book: IStepBook, output: IOutputMessage): void {
  switch (output.output_type) {
    case 'stream':
      book.entries.push({ kind: output.name === 'stderr' ? 'err' : 'out', text: textOf(output.text) });
      break;
    case 'error':
      book.entries.push({ kind: 'err', text: textOf(output.traceback, '\n') + '\n' });
      break;
    case 'display_data':
    case 'execute_result': {
      const data = (output.data ?? {}) as Record<string, unknown>;
      const text = textOf(data['text/plain']);
      if (text) {
        book.entries.push({ kind: 'out', text: text + '\n' });
      }
      break;
    }
    case 'clear_output':
      book.entries = book.entries.filter(entry => entry.kind === 'note');
  }
}

function textOf(value: unknown, joiner = ''): string {
  const text = Array.isArray(value) ? value.join(joiner) : typeof value === 'string' ? value : '';
  return text.replace(ANSI, '');
}

/** Neighbours of one kind together, with carriage returns carried out. */
function joined(entries: readonly ILogEntry[]): ILogEntry[] {
  const result: { kind: ILogEntry['kind']; text: string }[] = [];
  for (const { kind, text } of entries) {
    const last = result[result.length - 1];
    if (last?.kind === kind && kind !== 'note') {
      last.text += text;
    } else {
      result.push({ kind, text });
    }
  }
  return result.map(({ kind, text }) => ({ kind, text: settle(text) }));
}
