/** The colours of drawings, all from the theme. They stand in attributes, where an export finds them again. */

import type { StepStateName } from '../model/foldRun';

export const PAPER = 'var(--jp-layout-color1)';
export const SHADE = 'var(--jp-layout-color2)';
/** Behind the number of a cell. */
export const CHIP = 'var(--jp-layout-color3)';
export const LINE = 'var(--jp-border-color1)';
/** Lines that only help the eye. */
export const GRID = 'var(--jp-border-color2)';
export const EDGE = 'var(--jp-ui-font-color3)';
export const TEXT = 'var(--jp-ui-font-color1)';
export const MUTED = 'var(--jp-ui-font-color2)';
export const ACCENT = 'var(--jp-brand-color1)';
export const ERROR = 'var(--jp-error-color1)';
export const WARNING = 'var(--jp-warn-color1)';
export const INFO = 'var(--jp-info-color1)';
export const UI_FONT = 'var(--jp-ui-font-family)';
export const CODE_FONT = 'var(--jp-code-font-family)';

export const STATE_COLOURS: Record<StepStateName, string> = {
  queued: 'var(--jp-ui-font-color3)',
  running: 'var(--jp-brand-color1)',
  done: 'var(--jp-success-color1)',
  failed: 'var(--jp-error-color1)',
  reused: 'var(--jp-info-color1)',
  notrun: 'var(--jp-ui-font-color3)'
};
