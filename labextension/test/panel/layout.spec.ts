import { nullTranslator } from '@jupyterlab/translation';

import { buildGraph, type IGraph } from '../../src/panel/graph';
import { LABEL, layOut, layoutKey, type IBox, type ILayout, type Orientation } from '../../src/panel/layout';
import { isArrowKey, nextNode } from '../../src/panel/navigation';
import type { IRoute } from '../../src/panel/routes';
import { compiled, edge, split, step } from './builders';

const trans = nullTranslator.load('naavre_ext');

/** c1 and c2 feed the split c3, which feeds c4 and c5; c1 also feeds c5. c9 stands alone. */
function diamond(title = 'a title'): IGraph {
  const steps = [
    step('c1', { title }),
    step('c2', { kind: 'parameters' }),
    step('c3', { splits: [split({ batches: 5 })] }),
    step('c4'),
    step('c5'),
    step('c9')
  ];
  const edges = [
    edge('c1 c3', 'items'),
    edge('c2 c3', 'param_n'),
    edge('c3 c4', 'out'),
    edge('c3 c5', '', 'unknown'),
    edge('c1 c5', title)
  ];
  return buildGraph(compiled(steps, edges), trans);
}

function boxes(layout: ILayout): [string, IBox][] {
  return [...layout.nodes];
}

function place<T>(places: ReadonlyMap<string, T>, id: string): T {
  const found = places.get(id);
  if (!found) {
    throw new Error(`${id} has no place`);
  }
  return found;
}

function apart(a: IBox, b: IBox): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

describe.each<Orientation>(['LR', 'TB'])('a layout %s', orientation => {
  const layout = layOut(diamond(), orientation);

  it('has no two steps in one place, and all of them inside', () => {
    for (const [id, box] of boxes(layout)) {
      for (const [other, place] of boxes(layout)) {
        expect([id, other, id === other || apart(box, place)]).toEqual([id, other, true]);
      }
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(layout.width);
      expect(box.y + box.height).toBeLessThanOrEqual(layout.height);
    }
  });

  it('puts every target behind its source', () => {
    for (const { source, target } of diamond().edges) {
      const [from, to] = [place(layout.nodes, source), place(layout.nodes, target)];
      const [end, start] = orientation === 'LR' ? [from.x + from.width, to.x] : [from.y + from.height, to.y];
      expect(start).toBeGreaterThan(end);
    }
  });

  it('keeps the parts of a split inside of it, in the order of the flow', () => {
    const frame = place(layout.nodes, 'c3');
    const parts = ['splitter', 'batches', 'merger'].map(kind => place(layout.parts, `c3/0/${kind}`));
    const along = parts.map(part => (orientation === 'LR' ? part.x : part.y));
    expect(along).toEqual([...along].sort((a, b) => a - b));
    for (const part of parts) {
      expect(part.x + part.width).toBeLessThan(frame.width);
      expect(part.y + part.height).toBeLessThan(frame.height);
    }
  });

  it('draws a path for every edge, the implied ones as well', () => {
    expect([...layout.edges.keys()]).toEqual(diamond().edges.map(e => e.id));
    for (const { path } of layout.edges.values()) {
      expect(path).toMatch(/^M[-\d.]+,[-\d.]+ /);
      expect(path).not.toMatch(/NaN|undefined/);
    }
  });

  it('has steps beside each other stand in notebook order, where nothing speaks against it', () => {
    const steps = ['c1', 'c2', 'c3'].map(id => step(id));
    const joined = layOut(buildGraph(compiled(steps, [edge('c1 c3', 'a'), edge('c2 c3', 'b')]), trans), orientation);
    const [first, second] = [place(joined.nodes, 'c1'), place(joined.nodes, 'c2')];
    expect(orientation === 'LR' ? second.y - first.y : second.x - first.x).toBeGreaterThan(0);
  });

  it('moves nothing when only texts change', () => {
    const other = diamond('something much longer than it was before, with, many, names');
    expect(layoutKey(other, orientation, false)).toBe(layoutKey(diamond(), orientation, false));
    expect(boxes(layOut(other, orientation))).toEqual(boxes(layout));
  });

  it('leads everywhere with the arrow keys, and back', () => {
    const graph = diamond();
    const reached = new Set(['c1']);
    const open = ['c1'];
    for (let at = open.pop(); at; at = open.pop()) {
      for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const) {
        const next = nextNode(graph, layout, at, key);
        if (!reached.has(next)) {
          reached.add(next);
          open.push(next);
        }
      }
    }
    expect(reached.size).toBe(graph.nodes.length);
  });

  it('goes along an edge with the arrow of the flow', () => {
    const [ahead, back] = orientation === 'LR' ? (['ArrowRight', 'ArrowLeft'] as const) : (['ArrowDown', 'ArrowUp'] as const);
    const graph = diamond();
    expect(nextNode(graph, layout, 'c1', ahead)).toBe('c3');
    expect(['c4', 'c5']).toContain(nextNode(graph, layout, 'c3', ahead));
    expect(nextNode(graph, layout, 'c4', back)).toBe('c3');
    expect(nextNode(graph, layout, 'c1', back)).toBe('c1');
    expect(nextNode(graph, layout, 'c4', 'Home')).toBe('c1');
    expect(nextNode(graph, layout, 'c4', 'End')).toBe('c9');
  });

  it('draws a chain around the merger and the splitter between', () => {
    const steps = [step('c1', { splits: [split()] }), step('c2', { splits: [split({ continues: ['c1', 0] })] })];
    const chained = layOut(buildGraph(compiled(steps, [edge('c1 c2', 'x')]), trans), orientation);
    const { path, label } = place(chained.chains, 'c1/0/batches→c2/0/batches');
    expect(path).not.toMatch(/NaN/);
    const beside = orientation === 'LR' ? label.y : label.x;
    for (const [, box] of boxes(chained)) {
      expect(beside).toBeGreaterThan(orientation === 'LR' ? box.y + box.height : box.x + box.width);
    }
    expect(beside).toBeLessThan(orientation === 'LR' ? chained.height : chained.width);
  });

  it("keeps a chain's label off the labels of edges", () => {
    const chain = [step('c1', { splits: [split()] }), step('c2', { splits: [split({ continues: ['c1', 0] })] })];
    const others = ['c3', 'c4', 'c5', 'c6'].map(id => step(id));
    const edges = ['c2', 'c3', 'c4', 'c5', 'c6'].map(target => edge(`c1 ${target}`, 'x'));
    const full = layOut(buildGraph(compiled([...chain, ...others], edges), trans), orientation);
    const labelBox = ({ label }: IRoute): IBox => ({
      x: label.x - LABEL.width / 2,
      y: label.y - LABEL.height / 2,
      ...LABEL
    });
    const own = labelBox(place(full.chains, 'c1/0/batches→c2/0/batches'));
    for (const [id, route] of full.edges) {
      expect([id, apart(own, labelBox(route))]).toEqual([id, true]);
    }
  });
});

it('lays out an empty graph', () => {
  const layout = layOut(buildGraph(compiled([]), trans), 'LR');
  expect(layout.nodes.size).toBe(0);
});

it('lays out fifty cells in much less time than between two keystrokes', () => {
  const steps = Array.from({ length: 50 }, (_, i) => step(`c${i + 1}`));
  const edges = steps.flatMap((_, i) => [1, 3, 7].filter(d => i >= d).map(d => edge(`c${i + 1 - d} c${i + 1}`, `v${d}`)));
  const graph = buildGraph(compiled(steps, edges), trans);
  expect(layOut(graph, 'LR').nodes.size).toBe(50);
});

it('knows the keys that move', () => {
  expect(['ArrowUp', 'Home', 'End', 'Enter', 'toString', 'a'].map(isArrowKey)).toEqual([true, true, true, false, false, false]);
});
