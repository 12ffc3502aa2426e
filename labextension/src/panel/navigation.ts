/** Where the arrow keys lead in the drawing. */

import type { IGraph } from './graph';
import type { IBox, ILayout } from './layout';

export type ArrowKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};

/** What lies beside the way counts as so much farther than what lies ahead. */
const ASIDE = 2.5;
/** A step at the other end of an edge is preferred to a nearer one without. */
const CONNECTED = 0.5;

export function isArrowKey(key: string): key is ArrowKey {
  return Object.hasOwn(DIRECTIONS, key) || key === 'Home' || key === 'End';
}

/** The node that `key` leads to from `current`; `current` itself where there is none that way. */
export function nextNode(graph: IGraph, layout: ILayout, current: string, key: ArrowKey): string {
  const { nodes } = graph;
  if (!nodes.length || key === 'Home') {
    return nodes[0]?.id ?? current;
  }
  if (key === 'End') {
    return nodes[nodes.length - 1].id;
  }
  const from = layout.nodes.get(current);
  if (!from) {
    return nodes[0].id;
  }
  const [dx, dy] = DIRECTIONS[key];
  const along = (dx !== 0) === (layout.orientation === 'LR');
  const linked = along ? neighbours(graph, current) : new Set<string>();
  let best = current;
  let least = Infinity;
  for (const { id } of nodes) {
    const to = layout.nodes.get(id);
    if (!to || id === current) {
      continue;
    }
    const [x, y] = [centre(to).x - centre(from).x, centre(to).y - centre(from).y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    const isAhead = along ? ahead > 1 : ahead > 1 && overlaps(from, to, dx !== 0);
    const distance = (ahead + ASIDE * aside) * (linked.has(id) ? CONNECTED : 1);
    if (isAhead && distance < least) {
      best = id;
      least = distance;
    }
  }
  return best;
}

function neighbours(graph: IGraph, id: string): Set<string> {
  const found = new Set<string>();
  for (const { source, target, implied } of graph.edges) {
    if (!implied && (source === id || target === id)) {
      found.add(source === id ? target : source);
    }
  }
  return found;
}

/** Whether one stands above the other (or beside it, when `horizontal`), not diagonally. */
function overlaps(a: IBox, b: IBox, horizontal: boolean): boolean {
  return horizontal
    ? a.y < b.y + b.height && b.y < a.y + a.height
    : a.x < b.x + b.width && b.x < a.x + a.width;
}

function centre(box: IBox): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
