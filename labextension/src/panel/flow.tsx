/** The drawing on the screen: zoom, pan, hover, selection and keys. */

import { Background, BackgroundVariant, MiniMap, ReactFlow, ReactFlowProvider } from '@xyflow/react';
import { useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';

import { EDGE_TYPES, flowEdges, flowNodes, NODE_TYPES, type FlowEdge, type StepNode } from './flowParts';
import type { IGraph, IGraphNode } from './graph';
import { isArrowKey, nextNode } from './navigation';
import type { PanelModel } from './panelModel';
import { useViewport, type IFlowHandle } from './viewport';

/** With more steps than this, a small map of all of them helps. */
const MANY = 25;

/** React Flow's code for a drawing whose place has no size. */
const NO_SIZE = '004';

/** Tells what React Flow complains of. A panel has no size before the first layout; it's measured again then. */
function onFlowError(code: string, message: string): void {
  if (code !== NO_SIZE) {
    console.warn(message);
  }
}

interface IFlowProps {
  model: PanelModel;
  /** Goes to the cell of a step. */
  onOpen: (node: IGraphNode) => void;
  /** Given once the drawing is there. */
  onHandle: (handle: IFlowHandle | null) => void;
}

export function Flow(props: IFlowProps): ReactElement {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ model, onOpen, onHandle }: IFlowProps): ReactElement {
  const { graph, layout, selection, settings, trans } = model;
  const host = useRef<HTMLDivElement>(null);
  const [hint, setHint] = useState<{ lines: readonly string[]; x: number; y: number } | null>(null);
  const [hovered, setHovered] = useState('');
  const { showAll } = settings;
  const chainText = trans.__('batches flow on');
  const nodes = useMemo(
    () => flowNodes(model, graph, layout, selection),
    [model, graph, layout, selection]
  );
  const edges = useMemo(
    () => flowEdges(graph, layout, selection, showAll, hovered, chainText),
    [graph, layout, selection, showAll, hovered, chainText]
  );
  const reveal = useViewport(model, host, onHandle);

  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLDivElement>) => {
      const id = (event.target as HTMLElement).dataset.step;
      const node = id && model.node(id);
      if (!id || !node || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (isArrowKey(event.key)) {
        const next = nextNode(model.graph, model.layout, id, event.key);
        model.select({ kind: 'node', id: next });
        reveal(next);
        focusNode(host.current, next);
      } else if (event.key === 'Enter') {
        onOpen(node);
      } else if (event.key === ' ') {
        model.select({ kind: 'node', id });
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    [model, onOpen, reveal]
  );

  const point = (edge: FlowEdge, x: number, y: number): void => {
    setHovered(edge.id);
    setHint({ lines: why(graph, edge), ...within(host.current, x, y) });
  };

  return (
    <div className="naavre-Flow" ref={host} onKeyDown={onKeyDown}>
      <ReactFlow<StepNode, FlowEdge>
        aria-label={trans.__('Steps of the workflow. Arrow keys move between them, Enter goes to the cell.')}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onError={onFlowError}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        panOnScroll
        minZoom={0.08}
        maxZoom={2.5}
        onNodeClick={(_, node) => {
          model.select({ kind: 'node', id: node.id });
          focusNode(host.current, node.id);
        }}
        onNodeDoubleClick={(_, node) => onOpen(node.data.node)}
        onEdgeClick={(_, edge) => model.select({ kind: edge.type === 'chain' ? 'chain' : 'edge', id: edge.id })}
        onEdgeMouseEnter={(event, edge) => point(edge, event.clientX, event.clientY)}
        onEdgeMouseMove={(event, edge) => point(edge, event.clientX, event.clientY)}
        onEdgeMouseLeave={() => {
          setHovered('');
          setHint(null);
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={18} size={1} />
        {graph.nodes.length > MANY && (
          <MiniMap pannable zoomable ariaLabel={trans.__('Small map of the workflow')} nodeColor="var(--jp-border-color1)" />
        )}
      </ReactFlow>
      {hint && hint.lines.length > 0 && (
        <div className="naavre-Flow-hint" style={{ left: hint.x, top: hint.y }} role="tooltip">
          {hint.lines.map((line, index) => (
            <div key={index}>{line}</div>
          ))}
        </div>
      )}
    </div>
  );
}

function why(graph: IGraph, edge: FlowEdge): readonly string[] {
  if (edge.type === 'route') {
    return edge.data?.edge.why ?? [];
  }
  return graph.chains.filter(chain => chain.id === edge.id).map(chain => chain.why);
}

function focusNode(host: HTMLElement | null, id: string): void {
  host?.querySelector<HTMLElement>(`[data-step="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}

/** Where a hint for this place of the window goes: beside it, and not beyond the right border. */
function within(host: HTMLElement | null, x: number, y: number): { x: number; y: number } {
  const box = host?.getBoundingClientRect();
  return box ? { x: Math.max(8, Math.min(x - box.left + 14, box.width - 330)), y: y - box.top + 14 } : { x, y };
}
