import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';

import type { NotebookJSON } from '../api/client';

/** Cells have ids from this minor version of the format on; without them events couldn't name cells. */
const MINOR_WITH_IDS = 5;

/** The notebook as it would be saved, unsaved edits included; with the ids of cells also if the file has none. */
export function notebookContent(panel: NotebookPanel): NotebookJSON {
  const { model } = panel;
  if (!model) {
    return {};
  }
  const content = model.toJSON() as unknown as { nbformat_minor: number; cells: object[] };
  const ids = [...model.cells].map(cell => cell.id);
  return {
    ...content,
    nbformat_minor: Math.max(content.nbformat_minor, MINOR_WITH_IDS),
    cells: content.cells.map((cell, index) => ({ ...cell, id: ids[index] }))
  };
}

/** The same without outputs: all that a compiler looks at. */
export function notebookSource(model: INotebookModel): NotebookJSON {
  const { sharedModel } = model;
  return {
    nbformat: sharedModel.nbformat,
    nbformat_minor: Math.max(sharedModel.nbformat_minor, MINOR_WITH_IDS),
    metadata: { ...sharedModel.metadata },
    cells: [...model.cells].map(cell => ({
      id: cell.id,
      cell_type: cell.type,
      metadata: cell.metadata,
      source: cell.sharedModel.getSource(),
      ...(cell.type === 'code' ? { outputs: [], execution_count: null } : {})
    }))
  };
}

/** Equal for two states of a notebook that compile to the same. */
export function sourceKey(model: INotebookModel): string {
  const parts = [...model.cells].map(cell => [
    cell.id,
    cell.type,
    cell.sharedModel.getSource(),
    cell.getMetadata('tags') ?? null
  ]);
  return JSON.stringify([parts, model.getMetadata('kernelspec') ?? null]);
}

/** Whether the notebook is a Python one, as far as it says what it is. */
export function isPython(model: INotebookModel): boolean {
  const spec = model.getMetadata('kernelspec') as { language?: string } | undefined;
  const info = model.getMetadata('language_info') as { name?: string } | undefined;
  const language = info?.name ?? spec?.language;
  return !language || language.toLowerCase() === 'python';
}

export function cellById(model: INotebookModel, id: string): ICellModel | null {
  return [...model.cells].find(cell => cell.id === id) ?? null;
}

/** Replaces a cell's source in the shared model: one undo step, and only what differs is touched. */
export function replaceSource(cell: ICellModel, source: string): void {
  const shared = cell.sharedModel;
  const old = shared.getSource();
  if (old === source) {
    return;
  }
  let start = 0;
  while (start < old.length && start < source.length && old[start] === source[start]) {
    start += 1;
  }
  let same = 0;
  while (
    same < Math.min(old.length, source.length) - start &&
    old[old.length - 1 - same] === source[source.length - 1 - same]
  ) {
    same += 1;
  }
  // Changes that follow each other within half a second would be taken back together.
  const { undoManager } = shared as { undoManager?: { stopCapturing(): void } | null };
  undoManager?.stopCapturing();
  shared.transact(() => {
    shared.updateSource(start, old.length - same, source.slice(start, source.length - same));
  });
  undoManager?.stopCapturing();
}
