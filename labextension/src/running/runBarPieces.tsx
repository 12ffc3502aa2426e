// The small pieces of the bar at the top of a notebook.

import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { RunController } from './runController';

interface ILinkProps {
  readonly controller: RunController;
  readonly cellId: string;
  readonly label: string;
  readonly trans: TranslationBundle;
}

export function CellLink({ controller, cellId, label, trans }: ILinkProps): ReactElement {
  return (
    <button
      type="button"
      className="naavre-Link"
      title={trans.__('Go to the cell')}
      onClick={() => controller.workflow.selectCell(cellId)}
    >
      {label}
    </button>
  );
}

interface IActionProps {
  readonly label: string;
  readonly title?: string;
  readonly icon?: LabIcon;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

export function Action({ label, title, icon, isDisabled, onClick }: IActionProps): ReactElement {
  return (
    <button
      type="button"
      className="naavre-Button"
      title={title}
      disabled={isDisabled}
      onClick={onClick}
    >
      {icon && <icon.react tag="span" width="14px" height="14px" />}
      {label}
    </button>
  );
}

export function Dismiss({ controller, trans }: {
  controller: RunController;
  trans: TranslationBundle;
}): ReactElement {
  return (
    <button
      type="button"
      className="naavre-RunBar-close"
      title={trans.__('Close')}
      aria-label={trans.__('Close')}
      onClick={() => controller.dismiss()}
    >
      <closeIcon.react tag="span" width="14px" height="14px" />
    </button>
  );
}

export function Spinner(): ReactElement {
  return <span className="naavre-RunBar-spinner" aria-hidden="true" />;
}
