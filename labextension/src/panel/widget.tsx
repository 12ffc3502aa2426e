/** The workflow panel as a widget of the main area, with its toolbar. Loaded when the first one is opened. */

import '@xyflow/react/dist/base.css';

import { MainAreaWidget, ReactWidget, Toolbar, ToolbarButton } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandToolbarButton, downloadIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReactElement } from 'react';

import { workflowIcon } from '../icons';
import { whenIdle } from '../model/whenIdle';
import type { WorkflowModel } from '../model/workflowModel';
import { download, drawingSvg, pngOf } from './exporting';
import { detailsIcon, edgesIcon, fitIcon, orientationIcon, zoomInIcon, zoomOutIcon } from './icons';
import { PanelModel, type IPanelSettings } from './panelModel';
import type { IFlowHandle } from './viewport';
import { WorkflowView } from './workflowView';

export interface IWorkflowPanelOptions {
  workflow: WorkflowModel;
  settings: IPanelSettings;
  trans: TranslationBundle;
  commands: CommandRegistry;
  /** Commands that stand first in the toolbar, where they exist: running and stopping. */
  runCommands: readonly string[];
  /** Brings a cell of the notebook into view and gives it the focus. */
  onCell: (cellId: string) => void;
  onExport: (anchor: HTMLElement) => void;
}

class WorkflowContent extends ReactWidget {
  constructor(
    readonly model: PanelModel,
    private readonly onCell: (cellId: string) => void
  ) {
    super();
    this.addClass('naavre-Workflow');
    // The panel itself takes the focus when it is activated, and hands it on to the selected step.
    this.node.tabIndex = -1;
  }

  handle: IFlowHandle | null = null;

  protected override render(): ReactElement {
    return (
      <WorkflowView
        model={this.model}
        onCell={this.onCell}
        onHandle={handle => {
          this.handle = handle;
        }}
      />
    );
  }

  protected override onActivateRequest(): void {
    const step = this.node.querySelector<HTMLElement>('[data-step][tabindex="0"]');
    (step ?? this.node).focus({ preventScroll: true });
  }
}

/** The workflow of one notebook. It goes away with the notebook. */
export class WorkflowPanel extends MainAreaWidget<WorkflowContent> {
  readonly model: PanelModel;

  constructor(options: IWorkflowPanelOptions) {
    const { workflow, trans } = options;
    const model = new PanelModel(workflow, trans, options.settings);
    super({ content: new WorkflowContent(model, options.onCell) });
    this.model = model;
    this.id = `naavre-workflow-${workflow.panel.id}`;
    this.addClass('naavre-WorkflowPanel');
    this.title.icon = workflowIcon;
    this.title.closable = true;
    this.rename();
    workflow.panel.context.pathChanged.connect(this.rename, this);
    workflow.panel.disposed.connect(this.dispose, this);
    // The drawing first: JupyterLab measures the whole toolbar anew for each button.
    whenIdle(() => this.isDisposed || this.fillToolbar(options));
  }

  /** The notebook's contents path. */
  get path(): string {
    return this.model.workflow.path;
  }

  /** Saves the drawing as a file of the browser's downloads. */
  async export(format: 'svg' | 'png'): Promise<void> {
    const { graph, layout, settings, runs, trans } = this.model;
    const name = this.notebookName();
    const runOf = runs.get.bind(runs);
    const svg = drawingSvg({ graph, layout, showAll: settings.showAll, runOf, name, trans });
    const content =
      format === 'svg' ? new Blob([svg], { type: 'image/svg+xml' }) : await pngOf(svg, layout.width, layout.height);
    download(content, `${name.replace(/\.ipynb$/, '')}.${format}`);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      super.dispose();
    }
  }

  private notebookName(): string {
    return this.path.split('/').pop() ?? this.path;
  }

  private rename(): void {
    const { trans } = this.model;
    this.title.label = this.notebookName();
    this.title.caption = trans.__('Workflow of %1', this.path);
  }

  private fillToolbar(options: IWorkflowPanelOptions): void {
    const { model, content, toolbar } = this;
    const { trans, commands } = options;
    toolbar.node.setAttribute('aria-label', trans.__('Workflow'));
    const add = (name: string, icon: LabIcon, tooltip: string, onClick: () => void): ToolbarButton => {
      const button = new ToolbarButton({ icon, tooltip, onClick });
      toolbar.addItem(name, button);
      return button;
    };
    for (const id of options.runCommands.filter(command => commands.hasCommand(command))) {
      toolbar.addItem(id, new CommandToolbarButton({ commands, id, label: '' }));
    }
    toolbar.addItem('spacer', Toolbar.createSpacerItem());
    add('zoom-out', zoomOutIcon, trans.__('Zoom out'), () => content.handle?.zoom(1 / 1.25));
    add('zoom-in', zoomInIcon, trans.__('Zoom in'), () => content.handle?.zoom(1.25));
    add('fit', fitIcon, trans.__('Show the whole workflow'), () => content.handle?.fit());
    add('orientation', orientationIcon, trans.__('Left to right, or top to bottom'), () =>
      model.set({ orientation: model.settings.orientation === 'LR' ? 'TB' : 'LR' })
    );
    const all = add('edges', edgesIcon, trans.__('Show all dependencies, also those that follow from others'), () =>
      model.set({ showAll: !model.settings.showAll })
    );
    const details = add('details', detailsIcon, trans.__('Describe what is selected'), () =>
      model.set({ showDetails: !model.settings.showDetails })
    );
    const press = (): void => {
      all.pressed = model.settings.showAll;
      details.pressed = model.settings.showDetails;
    };
    model.settingsChanged.connect(press);
    press();
    const save = add('export', downloadIcon, trans.__('Save the drawing as a file'), () => options.onExport(save.node));
  }
}
