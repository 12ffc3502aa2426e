// From the command to the sweep: compile what is in the editor, ask for the rows, start.

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { RequestError, type ISweep } from '../api/client';
import { notebookContent } from '../model/notebookContent';
import { askForm } from '../running/formDialog';
import { fieldsOf } from '../running/parameters';
import type { RunController } from '../running/runController';
import { askedSecrets, checkedParameters } from '../running/runNotebook';
import { EMPTY_SWEEP, SweepForm, type ISweepState } from './sweepForm';

/** What was typed for the last sweep of each notebook, as long as the page lives; never a secret. */
const lastStates = new WeakMap<RunController, ISweepState>();

/** Asks for the rows and starts a run for each; null when it was given up or refused, which is shown then. */
export async function startSweep(controller: RunController, trans: TranslationBundle): Promise<ISweep | null> {
  const parameters = await checkedParameters(controller);
  if (parameters === null) {
    return null;
  }
  if (!parameters.some(parameter => parameter.kind === 'param')) {
    const message = trans.__('This notebook has no parameters: assign a name that begins with param_ in a cell.');
    Notification.info(message, { autoClose: 8000 });
    return null;
  }
  const { client, path, panel } = controller.workflow;
  const form = new SweepForm(fieldsOf(parameters), lastStates.get(controller) ?? EMPTY_SWEEP, trans);
  const answer = await askForm(trans.__('Run over a table of parameters'), form, trans.__('Run all'), trans);
  if (!answer) {
    return null;
  }
  lastStates.set(controller, answer.state);
  const { rows, output, jobs, secrets } = answer;
  try {
    return await client.startSweep({
      ...{ path, notebook: notebookContent(panel), rows, output, jobs, secrets },
      options: controller.standardOptions,
      kernel_name: panel.sessionContext.session?.kernel?.name
    });
  } catch (error) {
    controller.fail(error);
    return null;
  }
}

/** Runs the rows of a sweep again that didn't end well; whether it began. */
export async function resumeSweep(controller: RunController, id: string, trans: TranslationBundle): Promise<boolean> {
  const secrets = await askedSecrets(controller, trans.__('Resume the sweep'), trans);
  if (secrets === null) {
    return false;
  }
  const { client, path, panel } = controller.workflow;
  const begin = (anew: boolean): Promise<ISweep> =>
    client.resumeSweep(id, {
      ...{ path, notebook: notebookContent(panel), secrets, anew },
      options: controller.standardOptions,
      kernel_name: panel.sessionContext.session?.kernel?.name
    });
  try {
    await begin(false);
  } catch (error) {
    if (!(error instanceof RequestError && error.field === 'anew')) {
      throw error;
    }
    if (!(await mayRunAnew(trans))) {
      return false;
    }
    await begin(true);
  }
  return true;
}

/** The notebook was edited after rows had ended well. */
async function mayRunAnew(trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Run all rows again?'),
    body: trans.__('The notebook was edited since. The rows that are done were computed by what it said before, so they run again, too.'),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run all rows') })]
  });
  return button.accept;
}
