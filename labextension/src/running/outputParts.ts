// Outputs of megabytes, cut into parts that JupyterLab shows one after the other.

import type { IOutput } from '@jupyterlab/nbformat';

import type { ICellOutputs } from './outputs';

/** So many characters more are shown in a fraction of a second. */
const PART = 500_000;
/** The browser lays the whole text out anew for each part; with parts that grow there are few of them. */
const GROWTH = 1.1;

/** The characters of its streams. */
export function sizeOf(cell: ICellOutputs | null): number {
  return (cell?.outputs ?? []).reduce((sum, output) => sum + textOf(output).length, 0);
}

/** As many of the first outputs as a cell can show next that shows `size` characters of streams; the same object if all. */
export function nextPart(cell: ICellOutputs, size: number): ICellOutputs {
  let room = Math.max(size + PART, GROWTH * size);
  for (const [index, output] of cell.outputs.entries()) {
    const text = textOf(output);
    if (text.length > room) {
      const cut = { ...output, text: text.slice(0, endOf(text, Math.floor(room))) };
      return { ...cell, outputs: [...cell.outputs.slice(0, index), cut] };
    }
    room -= text.length;
  }
  return cell;
}

function textOf(output: IOutput): string {
  return output.output_type === 'stream' ? String(output.text) : '';
}

/** Where to cut: never within a character, behind a line where there is an end of one near. */
function endOf(text: string, limit: number): number {
  const line = text.lastIndexOf('\n', limit - 1) + 1;
  if (line > limit / 2) {
    return line;
  }
  const isWithin = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  return isWithin ? limit - 1 : limit;
}
