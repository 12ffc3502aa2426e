// The extension's settings, read when JupyterLab is ready for that.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/**
 * A plugin's settings, once the application has started; null without a registry.
 *
 * Notebook 7 and some versions of JupyterLab stumble over shortcuts that are loaded before their own.
 */
export async function loadSettings(
  app: JupyterFrontEnd,
  registry: ISettingRegistry | null,
  id: string
): Promise<ISettingRegistry.ISettings | null> {
  if (!registry) {
    return null;
  }
  await app.restored;
  return registry.load(id);
}

/** Calls back with the settings as they are and whenever they change. */
export function followSettings(
  settings: Promise<ISettingRegistry.ISettings | null>,
  read: (settings: ISettingRegistry.ISettings) => void
): void {
  void settings.then(found => {
    if (found) {
      found.changed.connect(read);
      read(found);
    }
  });
}
