/** What part of the drawing is in sight. */

import { useReactFlow } from '@xyflow/react';
import { useCallback, useEffect, useRef, type RefObject } from 'react';

import type { ILayout } from './layout';
import type { PanelModel } from './panelModel';

/** What the toolbar does with the drawing. */
export interface IFlowHandle {
  fit(): void;
  zoom(factor: number): void;
}

/** The drawing isn't made smaller than this by itself: better a part that can be read than a whole that can't. */
const READABLE = 0.62;

/**
 * Keeps as much of the workflow in sight as can be read, until the user has moved it; then keeps the selected step
 * where it is when others come and go. Returns what brings a step into sight.
 */
export function useViewport(
  model: PanelModel,
  host: RefObject<HTMLDivElement>,
  onHandle: (handle: IFlowHandle | null) => void
): (id: string) => void {
  const flow = useReactFlow();
  const isOwn = useRef(false);
  const last = useRef<ILayout | null>(null);
  const { layout } = model;

  const fit = useCallback(
    (least: number): void => {
      isOwn.current = false;
      const { width = 0, height = 0 } = host.current?.getBoundingClientRect() ?? {};
      const drawn = model.layout;
      if (width && height && drawn.width && drawn.height) {
        const zoom = Math.max(least, Math.min(1.1, width / drawn.width, height / drawn.height));
        const selected = model.layout.nodes.get(model.selection?.id ?? '');
        const place = (room: number, size: number, centre: number | undefined): number => {
          if (size * zoom <= room) {
            return (room - size * zoom) / 2;
          }
          return centre === undefined ? 0 : Math.max(room - size * zoom, Math.min(0, room / 2 - centre * zoom));
        };
        void flow.setViewport({
          x: place(width, drawn.width, selected && selected.x + selected.width / 2),
          y: place(height, drawn.height, selected && selected.y + selected.height / 2),
          zoom
        });
      }
    },
    [flow, host, model]
  );

  useEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    // Wheel and drag reach the viewport through these; what the panel itself does comes without them.
    const move = (): void => {
      isOwn.current = true;
    };
    const observer = new ResizeObserver(() => isOwn.current || fit(READABLE));
    observer.observe(element);
    element.addEventListener('wheel', move, { passive: true, capture: true });
    const drag = (event: PointerEvent): void => {
      if (event.buttons && (event.target as HTMLElement).closest('.react-flow__pane')) {
        move();
      }
    };
    element.addEventListener('pointermove', drag, { capture: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', move, { capture: true });
      element.removeEventListener('pointermove', drag, { capture: true });
    };
  }, [fit, host]);

  useEffect(() => {
    const before = last.current;
    last.current = layout;
    if (!isOwn.current || (before && before.orientation !== layout.orientation)) {
      fit(READABLE);
    } else if (before && before !== layout) {
      const anchor = model.selection?.id ?? model.graph.nodes[0]?.id ?? '';
      const [from, to] = [before.nodes.get(anchor), layout.nodes.get(anchor)];
      if (from && to) {
        const { x, y, zoom } = flow.getViewport();
        void flow.setViewport({ x: x + (from.x - to.x) * zoom, y: y + (from.y - to.y) * zoom, zoom });
      }
    }
  }, [layout, fit, flow, model]);

  useEffect(() => {
    onHandle({
      fit: () => fit(0),
      zoom: factor => {
        isOwn.current = true;
        void flow.zoomTo(flow.getZoom() * factor);
      }
    });
    return () => onHandle(null);
  }, [fit, flow, onHandle]);

  const reveal = useCallback(
    (id: string) => {
      const box = model.layout.nodes.get(id);
      const element = host.current;
      if (!box || !element) {
        return;
      }
      const { x, y, zoom } = flow.getViewport();
      const by = (start: number, size: number, room: number): number => {
        const margin = Math.min(24, Math.max(0, (room - size) / 2));
        return start < margin ? margin - start : Math.min(0, room - margin - start - size);
      };
      const dx = by(box.x * zoom + x, box.width * zoom, element.clientWidth);
      const dy = by(box.y * zoom + y, box.height * zoom, element.clientHeight);
      if (dx || dy) {
        void flow.setViewport({ x: x + dx, y: y + dy, zoom });
      }
    },
    [flow, host, model]
  );

  const selected = model.selection?.kind === 'node' ? model.selection.id : null;
  useEffect(() => {
    if (selected !== null) {
      reveal(selected);
    }
  }, [selected, reveal]);
  return reveal;
}
