// What keeps a notebook from being run, in words and with what to do.

import { RequestError } from '../api/client';
import type { IDiagnostic } from '../api/types';

/** Shown at the top of the notebook; the diagnostics name the cells. */
export interface IRunProblem {
  readonly message: string;
  readonly diagnostics: readonly IDiagnostic[];
}

/** What a request's error means for somebody who wanted to run a notebook. */
export function problemOf(error: unknown): IRunProblem {
  if (!(error instanceof RequestError)) {
    return { message: error instanceof Error ? error.message : String(error), diagnostics: [] };
  }
  const errors = error.diagnostics.filter(diagnostic => diagnostic.severity === 'error');
  if (errors.length) {
    return { message: '', diagnostics: errors };
  }
  if (error.status === 0) {
    const message =
      'The Jupyter server can\u2019t be reached. Check that it still runs, then try again.';
    return { message, diagnostics: [] };
  }
  if (error.status === 413) {
    const message =
      'The notebook is too large to be sent with its outputs. Clear large outputs, then try again.';
    return { message, diagnostics: [] };
  }
  return { message: error.message, diagnostics: error.diagnostics };
}
