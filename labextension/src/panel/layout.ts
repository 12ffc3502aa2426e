/** Where steps, parts and edges are drawn. The same structure always gets the same places. */

import { Graph, layout as runDagre, type EdgeLabel, type GraphLabel, type NodeLabel } from '@dagrejs/dagre';

import type { IGraph, IGraphEdge, IGraphNode, PartKind } from './graph';
import { bowRoute, chainRoute, routeThrough, type IPoint, type IRoute } from './routes';

/** `LR`: left to right. `TB`: top to bottom. */
export type Orientation = 'LR' | 'TB';

/** `x` and `y` are the upper left corner; all lengths are pixels at zoom 1. */
export interface IBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ILayout {
  readonly orientation: Orientation;
  readonly nodes: ReadonlyMap<string, IBox>;
  /** Of splitters, batches and mergers, from the upper left corner of their step. */
  readonly parts: ReadonlyMap<string, IBox>;
  readonly edges: ReadonlyMap<string, IRoute>;
  readonly chains: ReadonlyMap<string, IRoute>;
  readonly width: number;
  readonly height: number;
}

const STEP = { width: 208, height: 58 };
const PARAMETERS = { width: 208, height: 52 };

/** The frame of a split step: a heading above its parts and the state of the run below them. */
const HEADING = 30;
const FOOTER = 24;
const PADDING = 14;
const PART_GAP: Record<Orientation, number> = { LR: 26, TB: 18 };
const PART_SIZES: Record<Orientation, Record<PartKind, { width: number; height: number }>> = {
  LR: {
    splitter: { width: 46, height: 58 },
    batches: { width: 142, height: 48 },
    merger: { width: 46, height: 58 }
  },
  TB: {
    splitter: { width: 150, height: 26 },
    batches: { width: 170, height: 48 },
    merger: { width: 150, height: 26 }
  }
};

/** Room for an edge's label, whatever it says, so that typing moves nothing. */
export const LABEL = { width: 104, height: 18 };
const MARGIN = 16;

/** What has to change before anything moves. */
export function layoutKey(graph: IGraph, orientation: Orientation, showAll: boolean): string {
  const nodes = graph.nodes.map(node => [node.id, node.kind, node.parts.map(part => part.id)]);
  const edges = graph.edges.map(edge => [edge.id, edge.implied, edge.label !== '']);
  return JSON.stringify([orientation, showAll, nodes, edges, graph.chains.map(chain => chain.id)]);
}

/** `showAll` has the implied edges take part; otherwise they run around the others, to be shown on demand. */
export function layOut(graph: IGraph, orientation: Orientation, showAll = false): ILayout {
  const parts = new Map<string, IBox>();
  const sizes = new Map(graph.nodes.map(node => [node.id, placeParts(node, orientation, parts)]));
  const routed = graph.edges.filter(edge => showAll || !edge.implied);
  const dagre = solve(graph, sizes, routed, orientation);
  const turn = turner(graph, dagre, orientation);

  const nodes = new Map<string, IBox>();
  for (const node of graph.nodes) {
    const { x, y, width, height } = { ...dagre.node(node.id), ...turn(dagre.node(node.id)) };
    nodes.set(node.id, { x: x - width / 2, y: y - height / 2, width, height });
  }
  const ranks = [...nodes.values()];
  const edges = new Map<string, IRoute>();
  for (const edge of graph.edges) {
    const ends = [box(nodes, edge.source), box(nodes, edge.target)] as const;
    const label = dagre.hasEdge(edge.source, edge.target) ? dagre.edge(edge.source, edge.target) : null;
    edges.set(
      edge.id,
      label ? routeThrough(...ends, (label.points ?? []).map(turn), labelPlace(label, turn), ranks, orientation) : bowRoute(...ends, orientation)
    );
  }
  const labelled = routed.filter(edge => edge.label);
  const taken = [...ranks, ...labelled.flatMap(edge => labelBox(edges.get(edge.id)))];
  const chains = new Map<string, IRoute>();
  for (const chain of graph.chains) {
    const from = within(box(nodes, chain.source), box(parts, chain.sourcePart));
    const to = within(box(nodes, chain.target), box(parts, chain.targetPart));
    const frames = [box(nodes, chain.source), box(nodes, chain.target)];
    const route = withFreeLabel(chainRoute(from, to, frames, orientation), from, to, taken, orientation);
    chains.set(chain.id, route);
    taken.push(...labelBox(route));
  }
  return { orientation, nodes, parts, edges, chains, ...extent(nodes, chains) };
}

function solve(
  graph: IGraph,
  sizes: ReadonlyMap<string, { width: number; height: number }>,
  routed: readonly IGraphEdge[],
  orientation: Orientation
): Graph<GraphLabel, NodeLabel, EdgeLabel> {
  const dagre = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  dagre.setGraph({
    rankdir: orientation,
    nodesep: orientation === 'LR' ? 30 : 36,
    edgesep: 18,
    ranksep: orientation === 'LR' ? 36 : 34,
    marginx: MARGIN,
    marginy: MARGIN
  });
  for (const node of graph.nodes) {
    dagre.setNode(node.id, { ...(sizes.get(node.id) ?? STEP) });
  }
  for (const edge of routed) {
    dagre.setEdge(edge.source, edge.target, {
      ...(edge.label ? LABEL : { width: 0, height: 0 }),
      labelpos: 'c',
      // Steps that hand over variables stand nearer to each other than those that are only ordered.
      weight: edge.kind === 'data' ? 2 : 1
    });
  }
  if (graph.nodes.length) {
    runDagre(dagre);
  }
  return dagre;
}

/** Puts the parts of a split step one after the other along the flow; the size of the whole. */
function placeParts(
  node: IGraphNode,
  orientation: Orientation,
  parts: Map<string, IBox>
): { width: number; height: number } {
  if (node.kind !== 'split') {
    return node.kind === 'parameters' ? PARAMETERS : STEP;
  }
  const sizes = node.parts.map(part => PART_SIZES[orientation][part.kind]);
  const gap = PART_GAP[orientation];
  const gaps = gap * (sizes.length - 1);
  if (orientation === 'LR') {
    const inner = Math.max(...sizes.map(size => size.height));
    let x = PADDING;
    node.parts.forEach((part, index) => {
      const size = sizes[index];
      parts.set(part.id, { x, y: HEADING + (inner - size.height) / 2, ...size });
      x += size.width + gap;
    });
    const width = sizes.reduce((sum, size) => sum + size.width, 2 * PADDING + gaps);
    return { width, height: HEADING + inner + FOOTER };
  }
  const inner = Math.max(...sizes.map(size => size.width));
  let y = HEADING;
  node.parts.forEach((part, index) => {
    const size = sizes[index];
    parts.set(part.id, { x: PADDING + (inner - size.width) / 2, y, ...size });
    y += size.height + gap;
  });
  return { width: inner + 2 * PADDING, height: y - gap + FOOTER };
}

/**
 * Mirrors the drawing where that has more steps beside each other stand in notebook order.
 *
 * Dagre only cares for crossings, which stay the same.
 */
function turner(
  graph: IGraph,
  dagre: Graph<GraphLabel, NodeLabel, EdgeLabel>,
  orientation: Orientation
): (place: Partial<IPoint>) => IPoint {
  const [along, across] = orientation === 'LR' ? (['x', 'y'] as const) : (['y', 'x'] as const);
  const places = graph.nodes.map(node => dagre.node(node.id));
  let inOrder = 0;
  places.forEach((first, index) => {
    for (const second of places.slice(index + 1)) {
      if (first[along] === second[along]) {
        inOrder += Math.sign((second[across] ?? 0) - (first[across] ?? 0));
      }
    }
  });
  const size = (orientation === 'LR' ? dagre.graph().height : dagre.graph().width) ?? 0;
  return place => {
    const point = { x: place.x ?? 0, y: place.y ?? 0 };
    return inOrder < 0 ? { ...point, [across]: size - point[across] } : point;
  };
}

function labelPlace(label: EdgeLabel, turn: (place: Partial<IPoint>) => IPoint): IPoint | null {
  return label.width && label.x !== undefined && label.y !== undefined ? turn(label) : null;
}

function labelBox(route: IRoute | undefined): IBox[] {
  return route ? [{ x: route.label.x - LABEL.width / 2, y: route.label.y - LABEL.height / 2, ...LABEL }] : [];
}

/** The chain with its label where it covers least, as near to the middle as can be: Dagre knows nothing of chains. */
function withFreeLabel(
  route: IRoute,
  from: IBox,
  to: IBox,
  taken: readonly IBox[],
  orientation: Orientation
): IRoute {
  const along = orientation === 'LR' ? 'x' : 'y';
  const room = orientation === 'LR' ? to.x - from.x - LABEL.width : to.y - from.y - LABEL.height;
  const tried = [route];
  for (let away = LABEL.height / 2; away <= room / 2; away += LABEL.height / 2) {
    for (const by of [away, -away]) {
      tried.push({ ...route, label: { ...route.label, [along]: route.label[along] + by } });
    }
  }
  const covered = tried.map(each => labelBox(each).reduce((sum, own) => sum + overlap(own, taken), 0));
  return tried[covered.indexOf(Math.min(...covered))];
}

/** How much of the others, in square pixels, a box covers. */
function overlap(own: IBox, others: readonly IBox[]): number {
  const shared = (a: number, aSize: number, b: number, bSize: number): number =>
    Math.max(0, Math.min(a + aSize, b + bSize) - Math.max(a, b));
  return others.reduce(
    (sum, other) => sum + shared(own.x, own.width, other.x, other.width) * shared(own.y, own.height, other.y, other.height),
    0
  );
}

function box(boxes: ReadonlyMap<string, IBox>, id: string): IBox {
  const found = boxes.get(id);
  if (!found) {
    throw new Error(`nothing is drawn for ${id}`);
  }
  return found;
}

function within(outer: IBox, inner: IBox): IBox {
  return { ...inner, x: outer.x + inner.x, y: outer.y + inner.y };
}

function extent(
  nodes: ReadonlyMap<string, IBox>,
  chains: ReadonlyMap<string, IRoute>
): { width: number; height: number } {
  let width = 0;
  let height = 0;
  for (const { x, y, width: w, height: h } of nodes.values()) {
    width = Math.max(width, x + w);
    height = Math.max(height, y + h);
  }
  for (const { label } of chains.values()) {
    width = Math.max(width, label.x + LABEL.width / 2);
    height = Math.max(height, label.y + LABEL.height / 2);
  }
  return { width: width + MARGIN, height: height + MARGIN };
}
