import { RangeSet, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';

import { DO_NOT_CONTAINERIZE, findAnnotations } from './annotationText';
import type { KeyTable } from '../model/keyTable';

const KEY = Decoration.mark({ class: 'naavre-Annotation-key' });
const VALUE = Decoration.mark({ class: 'naavre-Annotation-value' });
const MARK = Decoration.mark({ class: 'naavre-Annotation-mark' });

/** Draws annotations unlike ordinary comments. */
export function annotationHighlighting(keys: KeyTable): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      private readonly redraw: () => void;

      constructor(view: EditorView) {
        this.decorations = decorate(view, keys);
        this.redraw = () => {
          const before = this.decorations;
          this.decorations = decorate(view, keys);
          if (!RangeSet.eq([before], [this.decorations])) {
            view.dispatch({});
          }
        };
        keys.loaded.connect(this.redraw);
      }

      update(update: ViewUpdate): void {
        if (update.docChanged) {
          this.decorations = decorate(update.view, keys);
        }
      }

      destroy(): void {
        keys.loaded.disconnect(this.redraw);
      }
    },
    { decorations: plugin => plugin.decorations }
  );
}

function decorate(view: EditorView, keys: KeyTable): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const spot of findAnnotations(view.state.doc.toString(), keys.names)) {
    if (spot.key === DO_NOT_CONTAINERIZE) {
      ranges.push(MARK.range(spot.keyFrom, spot.keyTo));
      continue;
    }
    ranges.push(KEY.range(spot.from, Math.max(spot.keyTo, Math.min(spot.valueFrom, spot.to))));
    if (spot.valueFrom < spot.to) {
      ranges.push(VALUE.range(spot.valueFrom, spot.to));
    }
  }
  return Decoration.set(ranges, true);
}
