// The bar at the top of a notebook: how its run goes, how it ended, and what can be done about it.

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { useEffect, useLayoutEffect, useReducer, useRef, type ReactElement } from 'react';

import { Spinner } from './runBarPieces';
import { Ended, endWords, type IRunActions, Problem, Progress } from './runBarStates';
import type { RunController } from './runController';

/** Shown while there is something to tell, hidden otherwise. */
export class RunBar extends ReactWidget {
  constructor(
    private readonly _controller: RunController,
    private readonly _actions: IRunActions,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('naavre-RunBar');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Workflow run'));
    this.hide();
    _controller.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  protected override render(): ReactElement {
    return (
      <Bar
        controller={this._controller}
        actions={this._actions}
        trans={this._trans}
        onHeight={height => this._setHeight(height)}
      />
    );
  }

  private _onChanged(): void {
    const { phase, problem } = this._controller;
    const isShown = phase !== 'idle' || problem !== null;
    if (isShown === this.isHidden) {
      this.setHidden(!isShown);
    }
    if (isShown) {
      this.update();
    }
  }

  /** The header above a notebook lays its widgets out by their smallest heights. */
  private _setHeight(height: number): void {
    const text = `${Math.ceil(height)}px`;
    if (this.node.style.minHeight !== text && this.parent) {
      this.node.style.minHeight = text;
      MessageLoop.sendMessage(this.parent, Widget.Msg.FitRequest);
    }
  }
}

interface IBarProps {
  readonly controller: RunController;
  readonly actions: IRunActions;
  readonly trans: TranslationBundle;
  readonly onHeight: (height: number) => void;
}

function Bar({ controller, actions, trans, onHeight }: IBarProps): ReactElement {
  const content = useRef<HTMLDivElement>(null);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = controller.isActive ? window.setInterval(tick, 500) : 0;
    return () => window.clearInterval(timer);
  }, [controller, controller.isActive]);
  useLayoutEffect(() => {
    const node = content.current;
    if (!node) {
      return;
    }
    const observer = new ResizeObserver(() => onHeight(node.offsetHeight));
    observer.observe(node);
    return () => observer.disconnect();
  }, [onHeight]);
  const { phase, problem, run } = controller;
  return (
    <div ref={content} className={`naavre-RunBar-content naavre-mod-${tone(controller)}`}>
      <span className="naavre-mod-unseen" role="status">
        {spoken(controller, trans)}
      </span>
      {problem && <Problem controller={controller} trans={trans} />}
      {phase === 'starting' && (
        <div className="naavre-RunBar-line">
          <Spinner />
          <span>{trans.__('Starting\u2026')}</span>
        </div>
      )}
      {(phase === 'running' || phase === 'stopping') && run && (
        <Progress controller={controller} state={run.state} trans={trans} />
      )}
      {phase === 'over' && run && (
        <Ended controller={controller} actions={actions} state={run.state} trans={trans} />
      )}
    </div>
  );
}

/** What screen readers say when the run begins, is stopped and ends; the steps between aren't told. */
function spoken({ phase, run }: RunController, trans: TranslationBundle): string {
  switch (phase) {
    case 'starting':
      return trans.__('Starting the run');
    case 'running':
      return trans.__('The run goes on');
    case 'stopping':
      return trans.__('Stopping the run');
    case 'over':
      return run ? endWords(run, trans) : '';
    default:
      return '';
  }
}

function tone(controller: RunController): string {
  const end = controller.run?.end?.status;
  if (controller.problem) {
    return 'problem';
  }
  return controller.phase === 'over' && end ? end : 'active';
}
