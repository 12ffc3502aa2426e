import { nullTranslator } from '@jupyterlab/translation';

import { nodeDescription } from '../../src/panel/describing';
import { drawingSvg, inlineVariables } from '../../src/panel/exporting';
import { fitNames, fitText } from '../../src/panel/fitText';
import { buildGraph } from '../../src/panel/graph';
import { layOut } from '../../src/panel/layout';
import { compiled, diagnostic, edge, split, step } from './builders';

const trans = nullTranslator.load('naavre_ext');
const measure = (text: string): number => text.length;

const graph = buildGraph(
  compiled(
    [
      step('c1', { title: 'load "all" <items>' }),
      step('c2', { splits: [split({ batches: 5, reductions: ['out'] })], title: 'work', group: 'gpu' }),
      step('c3', { splits: [split({ continues: ['c2', 0] })] })
    ],
    [edge('c1 c2', 'items'), edge('c2 c3', 'out'), edge('c1 c3', 'np')],
    { diagnostics: [diagnostic('c2')] }
  ),
  trans
);

describe('a text for a width', () => {
  it.each([
    ['short', 10, 'short'],
    ['much too long', 8, 'much to…'],
    ['a bit', 3, 'a…'],
    ['x', 0, '…']
  ])('%s in %d', (text, width, expected) => {
    expect(fitText(text, width, measure)).toBe(expected);
  });

  it.each([
    [['best', 'total'], 11, 'best, total'],
    [['best', 'total', 'more'], 12, 'best +2'],
    [['a_very_long_name', 'b'], 10, 'a_very… +1'],
    [[], 10, '']
  ])('%j in %d', (names, width, expected) => {
    expect(fitNames(names, width, measure)).toBe(expected);
  });
});

describe('an exported drawing', () => {
  const draw = (showAll: boolean): string =>
    drawingSvg({ graph, layout: layOut(graph, 'LR', showAll), showAll, runOf: () => null, name: 'a.ipynb', trans });

  it('is one SVG file with every step, and nothing that has to be looked up', () => {
    document.body.style.setProperty('--jp-layout-color1', '#fefefe');
    document.body.style.setProperty('--jp-ui-font-family', '"A Font", sans-serif');
    const text = draw(false);
    const file = new DOMParser().parseFromString(text, 'image/svg+xml');
    expect(file.querySelector('parsererror')).toBeNull();
    expect(file.documentElement.tagName).toBe('svg');
    expect(text).not.toMatch(/var\(|class="|undefined|NaN/);
    expect(text).toContain('#fefefe');
    expect(text).toContain("'A Font', sans-serif");
    const texts = [...file.querySelectorAll('text')].map(element => element.textContent);
    expect(texts).toEqual(expect.arrayContaining(['load "all" <items>', 'work', '×5 batches', 'items', 'batches flow on']));
    expect(texts).not.toContain('np');
    expect(file.querySelector('g > title')?.textContent).toContain('needs items from');
  });

  it('has the edges that follow from others when they are shown', () => {
    expect(draw(true)).toContain('>np<');
  });

  it('replaces variables that name others', () => {
    const values: Record<string, string> = { '--a': 'var(--b)', '--b': ' red ' };
    expect(inlineVariables('fill="var(--a)" stroke="var(--none)"', name => values[name] ?? '')).toBe('fill="red" stroke=""');
  });
});

it('tells a screen reader all that is drawn of a step', () => {
  const [, work] = graph.nodes;
  const run = { state: 'running' as const, progress: { done: 3, total: 5 }, splits: new Map(), durationS: 0, remark: '' };
  expect(nodeDescription(work, graph, run, trans)).toBe(
    'Cell 2 "work". The loop over items (line 2), at most 5 batches. Running 3 of 5. ' +
      'Waits for cell 1 "load "all" <items>" (items). Makes c2. Group gpu. ' +
      "Warning: 'df' is changed in place here."
  );
});
