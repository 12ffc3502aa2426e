// What is told at the end of a sweep.

import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { SweepModel } from './sweepModel';

/** Tells how the rows ended, and the notification's id; `show` brings their table to the front. */
export function notifySweepEnd(model: SweepModel, show: () => void, trans: TranslationBundle): string {
  const name = PathExt.basename(model.path);
  const count = (state: 'ok' | 'failed' | 'killed'): number => model.counts.get(state) ?? 0;
  const failed = count('failed') + count('killed');
  const actions = [{ label: trans.__('Show'), callback: show }];
  if (failed) {
    const message = trans._n('The sweep of %2 is over: %1 row failed.', 'The sweep of %2 is over: %1 rows failed.', failed, name);
    return Notification.error(message, { actions, autoClose: false });
  }
  if (count('ok') === model.rows.length) {
    const message = trans._n('The sweep of %2 is done: %1 row.', 'The sweep of %2 is done: %1 rows.', count('ok'), name);
    return Notification.success(message, { actions, autoClose: 8000 });
  }
  return Notification.info(trans.__('The sweep of %1 was stopped.', name), { actions, autoClose: 8000 });
}
