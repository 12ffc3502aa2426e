// What is told at the end of a run.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunModel } from '../model/runModel';
import { duration } from './estimate';

/** Tells how the run of the notebook ended, and the notification's id; `show` brings the notebook to the front. */
export function notifyEnd(
  run: RunModel,
  name: string,
  show: () => void,
  trans: TranslationBundle
): string {
  const { state, end } = run;
  const time = duration(state.durationS);
  const options = {
    autoClose: 8000 as const,
    actions: [{ label: trans.__('Show'), callback: show }]
  };
  const failed = state.steps.find(step => step.state === 'failed')?.failure;
  switch (end?.status) {
    case 'ok':
      return Notification.success(trans.__('%1 ran as a workflow in %2.', name, time), options);
    case 'cancelled':
      return Notification.info(trans.__('The run of %1 was stopped after %2.', name, time), options);
    case 'failed':
      return Notification.error(
        failed
          ? trans.__('The run of %1 failed: %2: %3', name, failed.ename, failed.evalue)
          : trans.__('The run of %1 failed.', name),
        { ...options, autoClose: false }
      );
    default:
      return Notification.error(trans.__('The run of %1 broke off.', name), { ...options, autoClose: false });
  }
}
