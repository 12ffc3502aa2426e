import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { statusPlugin } from './status/plugin';
import { workflowsPlugin } from './workflows';

/** One plugin for each capability. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  workflowsPlugin,
  statusPlugin
];

export default plugins;
