// Which run a notebook follows, kept over reloads.

import type { IStateDB } from '@jupyterlab/statedb';

import type { IRunMemory } from './reminder';

const PREFIX = 'naavre-ext:following:';

/** Kept in JupyterLab's state database; forgotten with the page where there is none. */
export class StateMemory implements IRunMemory {
  constructor(private readonly _state: IStateDB | null) {}

  async recall(path: string): Promise<string | null> {
    const value = await this._state?.fetch(PREFIX + path);
    return typeof value === 'string' ? value : null;
  }

  async remember(path: string, runId: string | null): Promise<void> {
    await (runId === null
      ? this._state?.remove(PREFIX + path)
      : this._state?.save(PREFIX + path, runId));
  }
}

/** Kept by the browser: the state database of Notebook 7 is gone with the page. */
export class BrowserMemory implements IRunMemory {
  /** Servers below several URLs of one host share the browser's storage. */
  constructor(
    private readonly _baseUrl: string,
    private readonly _storage: Storage = window.localStorage
  ) {}

  async recall(path: string): Promise<string | null> {
    return Promise.resolve(this._storage.getItem(this._key(path)));
  }

  async remember(path: string, runId: string | null): Promise<void> {
    if (runId === null) {
      this._storage.removeItem(this._key(path));
    } else {
      this._storage.setItem(this._key(path), runId);
    }
    return Promise.resolve();
  }

  private _key(path: string): string {
    return `${PREFIX}${this._baseUrl}:${path}`;
  }
}
