import { findAnnotations, scopeAt } from '../../src/annotating/annotationText';

const KEYS = new Set(['split', 'batches', 'retries', 'task', 'do-not-containerize']);

/** `key@scope` of each annotation, or the texts that are drawn as keys. */
const found = (text: string): string[] =>
  findAnnotations(text, KEYS).map(spot => `${spot.key}@${spot.scope}`);
const drawn = (text: string): string[] =>
  findAnnotations(text, KEYS).map(spot => text.slice(spot.keyFrom, spot.keyTo));

describe('findAnnotations', () => {
  it.each<[string, string, string[]]>([
    ['first comments', '# split: a\n# batches: 4\nx = 1', ['split@cell', 'batches@cell']],
    ['after blank lines', '\n\n# split: a\nx = 1', ['split@cell']],
    ['after a cell magic', '%%time\n# split: a\nx = 1', ['split@cell']],
    ['among ordinary comments', '# about this\n# retries: 2\nx = 1', ['retries@cell']],
    ['of any case', '# Split: a', ['split@cell']],
    ['not in a later comment', 'x = 1\n# batches: 4\ny = 2', []],
    ['not in text of a magic', '%%writefile a.py\n# split: a', []],
    ['not of an unknown key', '# todo: more', []],
    ['directly above a loop', 'x = 1\n# split: a\nfor i in x:\n    pass', ['split@loop']],
    ['above a loop in a function', 'def f():\n    # split: a\n    for i in x:\n        pass', ['split@loop']],
    ['not retries above a loop', 'x = 1\n# retries: 2\nfor i in x:\n    pass', []],
    ['a task above a def', 'x = 1\n# task\ndef f(): pass', ['task@function']],
    ['a task in the first comments', '# split: a\n# task: num_cpus=2\ndef f(): pass', ['split@cell', 'task@function']],
    ['kept out', '# (do not containerize!)\nx = 1', ['do-not-containerize@cell']],
    ["kept out, as it is written in the wild", "# Settings (don't containerize this cell)", ['do-not-containerize@cell']]
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('tells where the key is', () => {
    expect(drawn('x = 0\n#   Split :  a\nfor i in x: pass')).toEqual(['Split']);
    expect(drawn('# Settings (do not containerize!)')).toEqual(['(do not containerize!)']);
  });
});

describe('scopeAt', () => {
  const text = '# a\nx = 1\n# b\nfor i in x:\n    pass\n# c';

  it.each<[string, number, string | null]>([
    ['first comment', 2, 'cell'],
    ['code', 6, null],
    ['comment above a loop', 12, 'loop'],
    ['comment above nothing', text.length, null]
  ])('%s', (_, offset, expected) => {
    expect(scopeAt(text, offset)).toBe(expected);
  });

  it('is the cell’s in an empty comment that is being begun', () => {
    expect(scopeAt('# ', 2)).toBe('cell');
  });
});
