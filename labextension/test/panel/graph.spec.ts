import { nullTranslator } from '@jupyterlab/translation';

import pipeline from '../../../tests/golden/exporters/pipeline.json';
import type { IDiagnostic, IWait } from '../../src/api/types';
import { buildGraph, errorsFirst, nodeOfCell, type IGraph } from '../../src/panel/graph';
import { check, compiled, diagnostic, edge, split, step } from './builders';

const trans = nullTranslator.load('naavre_ext');
const graphOf = (...args: Parameters<typeof compiled>): IGraph => buildGraph(compiled(...args), trans);
const shown = (graph: IGraph): string[] =>
  graph.edges.map(e => `${e.id}${e.implied ? ' (implied)' : ''}: ${e.label}`);

describe('the graph of a workflow', () => {
  it('has a node for each step, in notebook order, with the title or the first line of code', () => {
    const graph = graphOf([
      step('c1', { kind: 'parameters', source: 'param_n = 1', writes: ['param_n'] }),
      step('c2', { source: '# a comment\n\nx = f(\n    1)', writes: ['x', 'y'] }),
      step('c3', { title: 'plot \n it' }),
      step('c4', { source: '# nothing' })
    ]);
    expect(graph.nodes.map(n => [n.kind, n.title, n.isCode, n.detail])).toEqual([
      ['parameters', 'parameters', false, 'param_n'],
      ['step', 'x = f(', true, 'x, y'],
      ['step', 'plot it', false, 'c3'],
      ['step', '(no code)', false, 'c4']
    ]);
  });

  it('draws a split as a splitter, batches and a merger, each with what it does', () => {
    const own = split({ iterable: 'enumerate(items)', batches: 5, shared: ['f'], reductions: ['out', 'total'] });
    const [node] = graphOf([step('c1', { splits: [own, split({ index: 2, form: 'list' })] })]).nodes;
    expect(node.kind).toBe('split');
    expect(node.parts.map(p => p.id)).toEqual([
      'c1/0/splitter', 'c1/0/batches', 'c1/0/merger', 'c1/2/splitter', 'c1/2/batches', 'c1/2/merger'
    ]);
    expect(node.parts.map(p => p.factor)).toEqual(['', '×5', '', '', '×N', '']);
    expect(node.parts.map(p => p.hover)).toEqual([
      'Cuts enumerate(items) into batches',
      'The loop over enumerate(items) (line 2), at most 5 batches; each batch gets f',
      'Merges in the order of the items: out, total',
      'Cuts items into batches',
      'The list comprehension over items (line 2), batches sized while running',
      'Joins the items of the list in order'
    ]);
  });

  it('says how the outputs of a whole cell are joined', () => {
    const over = split({
      form: 'over',
      iterable: 'frame',
      over: ['frame'],
      batches: 'param_n',
      merges: [{ name: 'y', method: 'concat' }, { name: 'n', method: 'sum' }]
    });
    const [node] = graphOf([step('c1', { splits: [over] })]).nodes;
    expect(node.parts[1].factor).toBe('×param_n');
    expect(node.parts[1].hover).toBe('The whole cell over frame, at most param_n batches');
    expect(node.parts[2].hover).toBe('Joins in order: y, n=sum');
  });

  it('makes one edge of all reasons between two steps, labelled with the variables', () => {
    const graph = graphOf(
      [step('c1'), step('c2')],
      [edge('c1 c2', 'x y'), edge('c1 c2', 'z x', 'alias'), edge('c1 c2', '', 'unknown')]
    );
    expect(shown(graph)).toEqual(['c1→c2: x, y, z']);
    expect(graph.edges[0].kind).toBe('data');
  });

  it('leaves out what only orders and follows from other edges; marks edges with variables that follow', () => {
    const steps = ['c1', 'c2', 'c3', 'c4'].map(id => step(id));
    const graph = graphOf(steps, [
      edge('c1 c2', 'a'),
      edge('c2 c3', '', 'outside'),
      edge('c1 c3', '', 'unknown'),
      edge('c1 c4', 'np'),
      edge('c3 c4', 'b')
    ]);
    expect(shown(graph)).toEqual([
      'c1→c2: a',
      'c1→c4 (implied): np',
      'c2→c3: outside world',
      'c3→c4: b'
    ]);
    expect(graph.edges.map(e => e.kind)).toEqual(['data', 'data', 'order', 'data']);
  });

  it('says why an edge exists', () => {
    const wait = (kind: IWait['kind'], more: Partial<IWait> = {}): IWait => ({
      cell: { cell_id: 'c1', cell_number: 1 },
      kind,
      names: [],
      cause: null,
      by_other: false,
      ...more
    });
    const cause = { text: "it calls code that can't be seen", effect: 'unknown', what: 'lib.f()', line: 3 };
    const waits = [
      wait('unknown', { cause, by_other: true }),
      wait('outside', { cause: { text: 'it changes files', effect: null, what: null, line: null } }),
      wait('ambient', { cause: { text: 'it changes settings', effect: 'settings', what: null, line: 2 }, by_other: true })
    ];
    const edges = [
      edge('c1 c2', 'x'),
      edge('c1 c2', 'y', 'alias'),
      edge('c1 c2', '', 'unknown'),
      edge('c1 c2', '', 'outside'),
      edge('c1 c2', '', 'ambient'),
      edge('c1 c2', '', 'history')
    ];
    const graph = graphOf([step('c1'), step('c2', { title: 'sum' })], edges, { cells: [check('c2', waits)] });
    expect(graph.edges[0].why).toEqual([
      'Cell 2 "sum" needs x from cell 1.',
      'Cell 2 "sum" changes an object that y of cell 1 may stand for too.',
      'Cell 2 "sum" waits for cell 1, which calls code that can\'t be seen (lib.f(), line 3).',
      'Cell 2 "sum" waits for cell 1, as it changes files.',
      'Cell 2 "sum" takes over the settings that cell 1 leaves. Cell 1 changes settings (line 2).',
      'Cell 2 "sum" waits for cell 1, whose effects come first (output history).'
    ]);
  });

  it('joins the batches of a chain', () => {
    const graph = graphOf(
      [step('c1', { splits: [split()] }), step('c2', { splits: [split({ continues: ['c1', 0] })] })],
      [edge('c1 c2', 'out')]
    );
    expect(graph.chains.map(c => c.id)).toEqual(['c1/0/batches→c2/0/batches']);
    expect(graph.nodes[1].parts[0].hover).toMatch(/flow on/);
  });

  it('forgets a chain whose first split is not there', () => {
    const graph = graphOf([step('c1'), step('c2', { splits: [split({ continues: ['c1', 0] })] })]);
    expect(graph.chains).toEqual([]);
  });

  it('tells errors first, each kind in the order of the cells', () => {
    const at = (code: string, cell_number: number, severity: 'error' | 'warning'): IDiagnostic =>
      diagnostic('c', { code, cell_number, severity });
    const found = [at('W5', 5, 'warning'), at('E5', 5, 'error'), at('W4', 4, 'warning'), at('E2', 2, 'error')];
    expect(errorsFirst(found).map(d => d.code)).toEqual(['E2', 'E5', 'W4', 'W5']);
  });

  it('puts each diagnostic at one step, and the others at the graph', () => {
    const steps = [step('p', { cell_id: 'c1', kind: 'parameters' }), step('c1'), step('c2')];
    const diagnostics = [diagnostic('c1'), diagnostic('c9', { code: 'NX200' }), diagnostic(null, { code: 'NX300' })];
    const graph = graphOf(steps, [], { diagnostics });
    expect(graph.nodes.map(n => n.diagnostics.length)).toEqual([0, 1, 0]);
    expect(graph.diagnostics.map(d => d.code)).toEqual(['NX200', 'NX300']);
    expect(nodeOfCell(graph, 'c1')?.id).toBe('c1');
    expect(nodeOfCell(graph, 'c9')).toBeNull();
  });

  it('has no nodes for a refused notebook, but says why', () => {
    const graph = buildGraph({ workflow: null, cells: [], diagnostics: [diagnostic('c1')], annotations: {} }, trans);
    expect(graph.nodes).toEqual([]);
    expect(graph.diagnostics).toHaveLength(1);
  });

  it('draws the plan that Python wrote', () => {
    const workflow = pipeline as unknown as NonNullable<ReturnType<typeof compiled>['workflow']>;
    const graph = buildGraph({ workflow, cells: [], diagnostics: [], annotations: {} }, trans);
    expect(graph.nodes).toHaveLength(7);
    expect(graph.nodes.filter(n => n.kind === 'split').map(n => n.title)).toEqual(['process batches']);
    expect(shown(graph)).toEqual([
      's1→s3: np',
      's1→s4: np',
      's2→s3: param_n',
      's2→s7 (implied): param_name',
      's3→s5: items',
      's3→s7 (implied): items',
      's4→s5: model',
      's5→s7: results',
      's5→s9 (implied): results',
      's7→s9: outside world'
    ]);
  });
});
