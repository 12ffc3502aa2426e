import type { IRunSummary } from '../api/types';
import { sha256 } from './digest';

/** The cells whose text isn't that of the run any more; a cell that the run didn't have isn't stale. */
export function staleCells(
  run: IRunSummary,
  sources: Iterable<readonly [string, string]>
): Set<string> {
  const stale = new Set<string>();
  for (const [id, source] of sources) {
    const digest = run.source_digests[id];
    if (digest !== undefined && digest !== sha256(source)) {
      stale.add(id);
    }
  }
  return stale;
}
