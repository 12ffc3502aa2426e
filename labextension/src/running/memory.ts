// Which run a notebook follows, kept by the browser over reloads.

import type { IStateDB } from '@jupyterlab/statedb';

import type { IRunMemory } from './reminder';

const PREFIX = 'naavre-ext:following:';

/** Kept in JupyterLab's state database; forgotten with the page where there is none. */
export class RunMemory implements IRunMemory {
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
