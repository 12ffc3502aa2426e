/** Texts cut to the width that there is, as SVG doesn't do it. */

export type Measure = (text: string) => number;

/** What a font's characters are wide on average, as a part of its size, where nothing can be measured. */
const AVERAGE = { ui: 0.54, code: 0.602 };

/** `text`, or its longest beginning that fits with an ellipsis behind it. */
export function fitText(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) {
    return text;
  }
  let [fits, tooLong] = [0, text.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (measure(`${text.slice(0, middle).trimEnd()}…`) <= width) {
      fits = middle;
    } else {
      tooLong = middle;
    }
  }
  return `${text.slice(0, fits).trimEnd()}…`;
}

/** As many names as fit, and how many more there are: `best, total`, `best, to…`, `best +3`. */
export function fitNames(names: readonly string[], width: number, measure: Measure): string {
  for (let count = names.length; count > 0; count -= 1) {
    const more = names.length - count;
    const text = names.slice(0, count).join(', ') + (more ? ` +${more}` : '');
    if (measure(text) <= width) {
      return text;
    }
  }
  const more = names.length > 1 ? ` +${names.length - 1}` : '';
  return names.length ? fitText(names[0], width - measure(more), measure) + more : '';
}

/** Measures in the font of the theme, `size` in pixels. */
export function measureIn(font: 'ui' | 'code', size: number, weight = 400): Measure {
  const context = drawing();
  if (!context) {
    return text => text.length * size * AVERAGE[font];
  }
  const value = `${weight} ${size}px ${familyOf(font)}`;
  return text => {
    if (current !== value) {
      context.font = current = value;
    }
    return context.measureText(text).width;
  };
}

let shared: OffscreenCanvasRenderingContext2D | null | undefined;
let current = '';
const families = new Map<string, string>();

function drawing(): OffscreenCanvasRenderingContext2D | null {
  if (shared === undefined) {
    shared = typeof OffscreenCanvas === 'undefined' ? null : new OffscreenCanvas(1, 1).getContext('2d');
  }
  return shared;
}

/** The font that the theme names; asked for once for each theme, as that has the browser compute styles. */
function familyOf(font: 'ui' | 'code'): string {
  const key = `${font} ${document.body.dataset.jpThemeName ?? ''}`;
  let family = families.get(key);
  if (family === undefined) {
    const named = getComputedStyle(document.body).getPropertyValue(`--jp-${font}-font-family`).trim();
    family = named || (font === 'code' ? 'monospace' : 'sans-serif');
    families.set(key, family);
  }
  return family;
}
