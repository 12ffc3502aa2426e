// What the user has set about runs.

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { IOptionTexts } from './optionTexts';

/** The settings, with the schema's defaults where there is no registry. */
export class RunSettings {
  /** `loaded` is what is stored; the defaults hold before it is there. */
  constructor(loaded: Promise<ISettingRegistry.ISettings | null>) {
    this.ready = loaded.then(settings => {
      this._settings = settings;
    });
  }

  /** Resolves when the settings are the user's. */
  readonly ready: Promise<void>;

  get askBeforeRun(): boolean {
    return this._get('askBeforeRun', true);
  }

  get warm(): boolean {
    return this._get('warm', true);
  }

  get notify(): boolean {
    return this._get('notify', true);
  }

  get address(): string {
    return this._get('clusterAddress', '');
  }

  /** What the fields about options show at first. */
  get optionTexts(): IOptionTexts {
    const limit = this._get('maxParallelism', 0);
    return {
      address: this.address,
      maxParallelism: limit ? String(limit) : '',
      useCache: this._get('storeResults', true)
    };
  }

  async dontAskAgain(): Promise<void> {
    await this._settings?.set('askBeforeRun', false);
  }

  private _get<T>(name: string, standard: T): T {
    return (this._settings?.get(name).composite as T | undefined) ?? standard;
  }

  private _settings: ISettingRegistry.ISettings | null = null;
}
