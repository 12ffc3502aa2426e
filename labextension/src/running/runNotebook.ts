// From the click to the run: compile what is in the editor, ask, start.

import type { TranslationBundle } from '@jupyterlab/translation';

import { notebookSource } from '../model/notebookContent';
import type { IParameter } from '../api/types';
import { askForm } from './formDialog';
import { fieldsOf } from './parameters';
import type { RunController } from './runController';
import { RunForm, type IRunTexts } from './runDialog';
import { SecretsForm } from './secretsDialog';
import type { RunSettings } from './settings';

/** What was typed before the last run of each notebook, as long as the page lives; never a secret. */
const lastTexts = new WeakMap<RunController, IRunTexts>();

/** Runs the notebook as it is now, after asking if the settings want that. */
export async function runNotebook(
  controller: RunController,
  settings: RunSettings,
  trans: TranslationBundle
): Promise<void> {
  const parameters = await checkedParameters(controller);
  if (parameters === null) {
    return;
  }
  const fields = fieldsOf(parameters);
  await settings.ready;
  const texts = lastTexts.get(controller) ?? { fields: {}, options: settings.optionTexts };
  if (!settings.askBeforeRun) {
    await controller.start({ parameters: {}, secrets: {}, options: controller.standardOptions });
    return;
  }
  const notes = fields.length ? [] : [trans.__('This notebook has no parameters.')];
  const form = new RunForm(fields, texts, notes, trans);
  const answer = await askForm(trans.__('Run as workflow'), form, trans.__('Run'), trans);
  if (!answer) {
    return;
  }
  lastTexts.set(controller, answer.texts);
  if (answer.dontAskAgain) {
    await settings.dontAskAgain();
  }
  await controller.start(answer.choice);
}

/** Runs the notebook with what the last run was given; asks if it has secrets, which nobody remembers. */
export async function runAgain(
  controller: RunController,
  settings: RunSettings,
  trans: TranslationBundle
): Promise<void> {
  const parameters = await checkedParameters(controller);
  if (parameters === null) {
    return;
  }
  const hasSecrets = parameters.some(parameter => parameter.kind === 'secret');
  if (controller.lastChoice && !hasSecrets) {
    await controller.start(controller.lastChoice);
  } else {
    await runNotebook(controller, settings, trans);
  }
}

/** Goes on where the last run failed, was stopped or broke off. */
export async function resumeRun(controller: RunController, trans: TranslationBundle): Promise<void> {
  const secrets = await askedSecrets(controller, trans.__('Resume the run'), trans);
  if (secrets !== null) {
    await controller.resume(secrets);
  }
}

/** The secrets of the notebook, asked for if it has any; null when it can't be run, or they weren't given. */
export async function askedSecrets(
  controller: RunController,
  title: string,
  trans: TranslationBundle
): Promise<Readonly<Record<string, string>> | null> {
  const parameters = await checkedParameters(controller);
  if (parameters === null) {
    return null;
  }
  const secrets = fieldsOf(parameters.filter(parameter => parameter.kind === 'secret'));
  return secrets.length ? askForm(title, new SecretsForm(secrets, trans), trans.__('Resume'), trans) : {};
}

/** The parameters of the notebook as it is now; null when it can't be run, which is shown then. */
export async function checkedParameters(
  controller: RunController
): Promise<readonly IParameter[] | null> {
  const { workflow } = controller;
  const model = workflow.panel.model;
  if (!model || controller.isActive) {
    return null;
  }
  try {
    const compiled = await workflow.client.compile(workflow.path, notebookSource(model));
    if (compiled.workflow) {
      return compiled.workflow.parameters;
    }
    controller.refuse(compiled.diagnostics);
  } catch (error) {
    controller.fail(error);
  }
  return null;
}
