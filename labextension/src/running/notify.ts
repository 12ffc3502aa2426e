// What is told at the end of a run.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunModel } from '../model/runModel';
import { duration } from './estimate';

/** Tells how the run of the notebook ended; `show` brings the notebook to the front. */
export function notifyEnd(
  run: RunModel,
  name: string,
  show: () => void,
  trans: TranslationBundle
): void {
  const { state, end } = run;
  const time = duration(state.durationS);
  const options = {
    autoClose: 8000 as const,
    actions: [{ label: trans.__('Show'), callback: show }]
  };
  const failed = state.steps.find(step => step.state === 'failed')?.failure;
  switch (end?.status) {
    case 'ok':
      Notification.success(trans.__('%1 ran as a workflow in %2.', name, time), options);
      break;
    case 'cancelled':
      Notification.info(trans.__('The run of %1 was stopped after %2.', name, time), options);
      break;
    case 'failed':
      Notification.error(
        failed
          ? trans.__('The run of %1 failed: %2: %3', name, failed.ename, failed.evalue)
          : trans.__('The run of %1 failed.', name),
        { ...options, autoClose: false }
      );
      break;
    default:
      Notification.error(trans.__('The run of %1 broke off.', name), { ...options, autoClose: false });
  }
}
