import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

/** The notebook at this path, opened if it isn't; its model is there. */
export async function openNotebook(
  commands: CommandRegistry,
  notebooks: INotebookTracker,
  path: string,
  trans: TranslationBundle
): Promise<NotebookPanel> {
  const find = (): NotebookPanel | undefined => notebooks.find(panel => panel.context.path === path);
  let panel = find();
  if (!panel) {
    await commands.execute('docmanager:open', { path });
    panel = find();
  }
  if (!panel) {
    throw new Error(trans.__("The notebook %1 can't be opened.", path));
  }
  await panel.context.ready;
  return panel;
}
