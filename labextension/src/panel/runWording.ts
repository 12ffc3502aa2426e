/** How times and the states of steps are put into words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { INodeRun } from './nodeRuns';

/** `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`; milliseconds below a tenth of a second. */
export function durationText(seconds: number): string {
  if (seconds < 0.0995) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${pad(whole % 60)} s`
    : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `queued`, `running 3 of 5`, `done in 1.2 s, 5 batches`. */
export function stateText(run: INodeRun, trans: TranslationBundle): string {
  const { progress } = run;
  switch (run.state) {
    case 'queued':
      return trans.__('queued');
    case 'running':
      return progress ? trans.__('running %1 of %2', progress.done, progress.total) : trans.__('running');
    case 'done': {
      const time = trans.__('done in %1', durationText(run.durationS));
      return progress ? `${time}, ${trans._n('%1 batch', '%1 batches', progress.total)}` : time;
    }
    case 'failed':
      return trans.__('failed: %1', run.remark);
    case 'reused':
      return trans.__('reused from an earlier run');
    case 'notrun':
      return trans.__('not run');
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
