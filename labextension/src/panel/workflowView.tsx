/** The workflow panel: notices, the drawing, what is selected, and a line that sums it up. */

import { UseSignal } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import { Details } from './details';
import { Flow } from './flow';
import type { IGraphNode } from './graph';
import { NoDrawing, Notices } from './notices';
import type { PanelModel } from './panelModel';
import type { IFlowHandle } from './viewport';

export interface IWorkflowViewProps {
  model: PanelModel;
  /** Brings a cell into view and gives it the focus. */
  onCell: (cellId: string) => void;
  onHandle: (handle: IFlowHandle | null) => void;
}

export function WorkflowView(props: IWorkflowViewProps): ReactElement {
  return <UseSignal signal={props.model.changed}>{() => <Content {...props} />}</UseSignal>;
}

function Content({ model, onCell, onHandle }: IWorkflowViewProps): ReactElement {
  const { graph, state, settings } = model;
  const open = (node: IGraphNode): void => onCell(node.cellId);
  const isOld = state === 'refused' || state === 'problem';
  return (
    <>
      <Notices model={model} onCell={onCell} />
      {graph.nodes.length ? (
        <div className={`naavre-Workflow-drawing ${isOld ? 'naavre-mod-old' : ''}`}>
          <Flow model={model} onOpen={open} onHandle={onHandle} />
        </div>
      ) : (
        <NoDrawing model={model} />
      )}
      {graph.nodes.length > 0 && settings.showDetails && <Details model={model} onOpen={open} />}
      <footer className="naavre-Workflow-summary" role="status">
        {summary(model)}
      </footer>
    </>
  );
}

/** `14 steps · 1 split · 3 in any worker · 2 warnings`. */
function summary({ graph, state, trans }: PanelModel): string {
  if (!graph.nodes.length || state === 'loading') {
    return '';
  }
  const splits = graph.nodes.reduce((sum, node) => sum + node.parts.filter(p => p.kind === 'batches').length, 0);
  const free = graph.nodes.filter(node => node.isFree).length;
  const warnings = graph.nodes.flatMap(node => node.diagnostics).filter(d => d.severity === 'warning').length;
  const parts = [trans._n('%1 step', '%1 steps', graph.nodes.length)];
  parts.push(splits ? trans._n('%1 split', '%1 splits', splits) : trans.__('nothing is split'));
  if (free) {
    parts.push(trans.__('%1 in any worker', free));
  }
  if (warnings) {
    parts.push(trans._n('%1 warning', '%1 warnings', warnings));
  }
  return parts.join(' · ');
}
