/** Steps and edges as React Flow wants them, and how it draws each of them. */

import { Handle, Position, type Edge, type EdgeProps, type EdgeTypes, type Node, type NodeProps, type NodeTypes } from '@xyflow/react';
import { memo, useCallback, useSyncExternalStore, type ReactElement, type ReactNode } from 'react';

import { ChainShape, EdgeShape } from './edgeShapes';
import { nodeDescription } from './describing';
import type { IGraph, IGraphEdge, IGraphNode } from './graph';
import type { IBox, ILayout } from './layout';
import type { PanelModel, Selection } from './panelModel';
import type { IRoute } from './routes';
import { NodeShape } from './shapes';

export type StepNode = Node<
  { node: IGraphNode; box: IBox; layout: ILayout; model: PanelModel; isSelected: boolean; isReachable: boolean },
  'step'
>;
type RouteEdge = Edge<{ edge: IGraphEdge; route: IRoute; isActive: boolean }, 'route'>;
type ChainFlowEdge = Edge<{ text: string; route: IRoute; isActive: boolean }, 'chain'>;
export type FlowEdge = RouteEdge | ChainFlowEdge;

export function flowNodes(
  model: PanelModel,
  graph: IGraph,
  layout: ILayout,
  selection: Selection
): StepNode[] {
  const isLeftToRight = layout.orientation === 'LR';
  const reachable = selection?.kind === 'node' ? selection.id : graph.nodes[0]?.id;
  return graph.nodes.flatMap(node => {
    const box = layout.nodes.get(node.id);
    if (!box) {
      return [];
    }
    const { x, y, width, height } = box;
    const port = { width: 1, height: 1 };
    const [start, end] = isLeftToRight
      ? [{ x: 0, y: height / 2 }, { x: width, y: height / 2 }]
      : [{ x: width / 2, y: 0 }, { x: width / 2, y: height }];
    return [
      {
        id: node.id,
        type: 'step' as const,
        position: { x, y },
        width,
        height,
        measured: { width, height },
        // Given here, or the edges would be gone until the browser has measured the nodes.
        handles: [
          { type: 'target' as const, position: isLeftToRight ? Position.Left : Position.Top, ...start, ...port },
          { type: 'source' as const, position: isLeftToRight ? Position.Right : Position.Bottom, ...end, ...port }
        ],
        data: {
          node,
          box,
          layout,
          model,
          isSelected: selection?.kind === 'node' && selection.id === node.id,
          isReachable: node.id === reachable
        }
      }
    ];
  });
}

/** `text` is what stands at chains; `hovered` is the edge below the pointer. */
export function flowEdges(
  graph: IGraph,
  layout: ILayout,
  selection: Selection,
  showAll: boolean,
  hovered: string,
  text: string
): FlowEdge[] {
  const touches = (source: string, target: string): boolean =>
    selection?.kind === 'node' && (selection.id === source || selection.id === target);
  const edges: FlowEdge[] = [];
  for (const edge of graph.edges) {
    const route = layout.edges.get(edge.id);
    const isActive = edge.id === hovered || edge.id === selection?.id || touches(edge.source, edge.target);
    if (route && (showAll || !edge.implied || isActive)) {
      const { id, source, target } = edge;
      const data = { edge, route, isActive };
      edges.push({ id, source, target, type: 'route', zIndex: isActive ? 1 : 0, ariaLabel: edge.why.join(' '), data });
    }
  }
  for (const { id, source, target, why } of graph.chains) {
    const route = layout.chains.get(id);
    if (route) {
      const isActive = id === hovered || id === selection?.id;
      edges.push({ id, source, target, type: 'chain', zIndex: 1, ariaLabel: why, data: { text, route, isActive } });
    }
  }
  return edges;
}

const Step = memo(function Step({ data }: NodeProps<StepNode>): ReactElement {
  const { node, box, layout, model, isSelected, isReachable } = data;
  const run = useSyncExternalStore(
    useCallback(callback => model.runs.subscribe(node.id, callback), [model, node.id]),
    () => model.runs.get(node.id)
  );
  const isLeftToRight = layout.orientation === 'LR';
  return (
    <div
      className="naavre-Flow-step"
      data-step={node.id}
      data-state={run?.state}
      role="button"
      tabIndex={isReachable ? 0 : -1}
      aria-current={isSelected}
      aria-label={nodeDescription(node, model.graph, run, model.trans)}
    >
      <svg width={box.width} height={box.height} overflow="visible" aria-hidden="true">
        <NodeShape
          node={node}
          box={box}
          parts={layout.parts}
          orientation={layout.orientation}
          run={run}
          isSelected={isSelected}
          trans={model.trans}
        />
      </svg>
      {/* Not seen; without them React Flow draws no edges. */}
      <Handle type="target" position={isLeftToRight ? Position.Left : Position.Top} isConnectable={false} />
      <Handle type="source" position={isLeftToRight ? Position.Right : Position.Bottom} isConnectable={false} />
    </div>
  );
});

const Route = memo(function Route({ data }: EdgeProps<RouteEdge>): ReactElement | null {
  return data ? (
    <Hoverable route={data.route}>
      <EdgeShape {...data} />
    </Hoverable>
  ) : null;
});

const Chain = memo(function Chain({ data }: EdgeProps<ChainFlowEdge>): ReactElement | null {
  return data ? (
    <Hoverable route={data.route}>
      <ChainShape {...data} />
    </Hoverable>
  ) : null;
});

/** A line alone is too thin to be pointed at. */
function Hoverable({ route, children }: { route: IRoute; children: ReactNode }): ReactElement {
  return (
    <>
      {children}
      <path d={route.path} fill="none" stroke="transparent" strokeWidth={16} className="react-flow__edge-interaction" />
    </>
  );
}

export const NODE_TYPES: NodeTypes = { step: Step };
export const EDGE_TYPES: EdgeTypes = { route: Route, chain: Chain };
