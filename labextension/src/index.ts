import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { badgePlugin } from './annotating/badgePlugin';
import { editorPlugin } from './annotating/editorPlugin';
import { formPlugin } from './annotating/formPlugin';
import { panelPlugin } from './panel/plugin';
import { runningPlugin } from './running/plugin';
import { runsPlugin } from './runs/plugin';
import { statusPlugin } from './status/plugin';
import { sweepsPlugin } from './sweeps/plugin';
import { workflowsPlugin } from './workflows';

/** One plugin for each capability. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  workflowsPlugin,
  statusPlugin,
  editorPlugin,
  formPlugin,
  badgePlugin,
  runningPlugin,
  panelPlugin,
  sweepsPlugin,
  runsPlugin
];

export default plugins;
