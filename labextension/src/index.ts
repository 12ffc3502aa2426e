import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { runningPlugin } from './running/plugin';
import { statusPlugin } from './status/plugin';
import { workflowsPlugin } from './workflows';

/** One plugin for each capability. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  workflowsPlugin,
  statusPlugin,
  runningPlugin
];

export default plugins;
