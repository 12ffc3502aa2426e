/** Edges as paths: smooth along the flow, between the boxes. */

import type { IBox, Orientation } from './layout';

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

/** `path` and `arrow` are the `d` of SVG paths: a line and the head to fill. `label` is the middle of the label. */
export interface IRoute {
  readonly path: string;
  readonly arrow: string;
  readonly label: IPoint;
}

const ARROW = { length: 8, width: 7 };

/** Where edges leave a box (`end`) or enter it. */
function port(box: IBox, end: boolean, orientation: Orientation): IPoint {
  return orientation === 'LR'
    ? { x: end ? box.x + box.width : box.x, y: box.y + box.height / 2 }
    : { x: box.x + box.width / 2, y: end ? box.y + box.height : box.y };
}

/**
 * From box to box through the bends that the layout found.
 *
 * The path runs straight past the boxes that stand beside a bend, and crosses over only between ranks.
 */
export function routeThrough(
  source: IBox,
  target: IBox,
  bends: readonly IPoint[],
  label: IPoint | null,
  boxes: readonly IBox[],
  orientation: Orientation
): IRoute {
  const start = port(source, true, orientation);
  const end = port(target, false, orientation);
  const points = [start];
  // The first and the last bend lie on the boxes' borders.
  for (const bend of bends.slice(1, -1)) {
    const half = halfRank(bend, boxes, orientation);
    points.push(shift(bend, -half, orientation), shift(bend, half, orientation));
  }
  points.push(end);
  return finish(forward(points, orientation), label ?? middle(start, end), orientation);
}

/** From box to box in one straight line or curve. */
function directRoute(source: IBox, target: IBox, orientation: Orientation): IRoute {
  const start = port(source, true, orientation);
  const end = port(target, false, orientation);
  return finish([start, end], middle(start, end), orientation);
}

/** From side to side in a bow, around what stands between. */
export function bowRoute(source: IBox, target: IBox, orientation: Orientation): IRoute {
  if (orientation === 'LR') {
    const [x1, y1] = [source.x + source.width / 2, source.y + source.height];
    const [x2, y2] = [target.x + target.width / 2, target.y + target.height];
    const y = Math.max(y1, y2) + 24 + Math.min(120, (x2 - x1) / 8);
    const path = `M${r(x1)},${r(y1)} C${r(x1)},${r(y)} ${r(x2)},${r(y)} ${r(x2)},${r(y2 + ARROW.length)}`;
    return { path, arrow: head({ x: x2, y: y2 }, 0, -1), label: { x: (x1 + x2) / 2, y: (y1 + y2 + 6 * y) / 8 } };
  }
  const [x1, y1] = [source.x + source.width, source.y + source.height / 2];
  const [x2, y2] = [target.x + target.width, target.y + target.height / 2];
  const x = Math.max(x1, x2) + 24 + Math.min(120, (y2 - y1) / 8);
  const path = `M${r(x1)},${r(y1)} C${r(x)},${r(y1)} ${r(x)},${r(y2)} ${r(x2 + ARROW.length)},${r(y2)}`;
  return { path, arrow: head({ x: x2, y: y2 }, -1, 0), label: { x: (x1 + x2 + 6 * x) / 8, y: (y1 + y2) / 2 } };
}

function finish(points: readonly IPoint[], label: IPoint, orientation: Orientation): IRoute {
  const end = points[points.length - 1];
  const [dx, dy] = orientation === 'LR' ? [1, 0] : [0, 1];
  const line = [...points.slice(0, -1), { x: end.x - dx * ARROW.length, y: end.y - dy * ARROW.length }];
  return { path: smooth(line, orientation), arrow: head(end, dx, dy), label };
}

/** An arrowhead whose tip is at `tip`, in direction (dx, dy). */
function head(tip: IPoint, dx: number, dy: number): string {
  const back = { x: tip.x - dx * ARROW.length, y: tip.y - dy * ARROW.length };
  const half = ARROW.width / 2;
  return (
    `M${r(tip.x)},${r(tip.y)} L${r(back.x - dy * half)},${r(back.y - dx * half)} ` +
    `L${r(back.x + dy * half)},${r(back.y + dx * half)} Z`
  );
}

/** From batches to batches, around the merger and the splitter between them and out of the frames. */
export function chainRoute(
  from: IBox,
  to: IBox,
  frames: readonly IBox[],
  orientation: Orientation
): IRoute {
  const radius = 10;
  if (orientation === 'LR') {
    const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2];
    const y = Math.max(...frames.map(frame => frame.y + frame.height)) + 16;
    const path =
      `M${r(x1)},${r(from.y + from.height)} V${r(y - radius)} Q${r(x1)},${r(y)} ${r(x1 + radius)},${r(y)} ` +
      `H${r(x2 - radius)} Q${r(x2)},${r(y)} ${r(x2)},${r(y - radius)} V${r(to.y + to.height + ARROW.length)}`;
    return { path, arrow: head({ x: x2, y: to.y + to.height }, 0, -1), label: { x: (x1 + x2) / 2, y } };
  }
  const [y1, y2] = [from.y + from.height / 2, to.y + to.height / 2];
  const x = Math.max(...frames.map(frame => frame.x + frame.width)) + 16;
  const path =
    `M${r(from.x + from.width)},${r(y1)} H${r(x - radius)} Q${r(x)},${r(y1)} ${r(x)},${r(y1 + radius)} ` +
    `V${r(y2 - radius)} Q${r(x)},${r(y2)} ${r(x - radius)},${r(y2)} H${r(to.x + to.width + ARROW.length)}`;
  return { path, arrow: head({ x: to.x + to.width, y: y2 }, -1, 0), label: { x, y: (y1 + y2) / 2 } };
}

/** Between the parts of a split step: a straight line, without a label. */
export function partRoute(from: IBox, to: IBox, orientation: Orientation): IRoute {
  return directRoute(from, to, orientation);
}

/** Half the extent, along the flow, of the rank that the bend stands in. */
function halfRank(bend: IPoint, boxes: readonly IBox[], orientation: Orientation): number {
  let half = 0;
  for (const { x, y, width, height } of boxes) {
    const [centre, size, place] =
      orientation === 'LR' ? [x + width / 2, width, bend.x] : [y + height / 2, height, bend.y];
    if (Math.abs(centre - place) < 1) {
      half = Math.max(half, size / 2);
    }
  }
  return half;
}

function shift(point: IPoint, by: number, orientation: Orientation): IPoint {
  return orientation === 'LR' ? { x: point.x + by, y: point.y } : { x: point.x, y: point.y + by };
}

/** The points without those that would lead backwards. */
function forward(points: readonly IPoint[], orientation: Orientation): IPoint[] {
  const along = (point: IPoint): number => (orientation === 'LR' ? point.x : point.y);
  const end = along(points[points.length - 1]);
  const kept: IPoint[] = [];
  points.forEach((point, index) => {
    const isLast = index === points.length - 1;
    const isAhead = !kept.length || along(point) >= along(kept[kept.length - 1]);
    if (isLast || (isAhead && along(point) <= end)) {
      kept.push(point);
    }
  });
  return kept;
}

/** Through all points, along the flow at each of them. */
function smooth(points: readonly IPoint[], orientation: Orientation): string {
  let path = `M${r(points[0].x)},${r(points[0].y)}`;
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    if (a.x === b.x || a.y === b.y) {
      path += ` L${r(b.x)},${r(b.y)}`;
    } else if (orientation === 'LR') {
      const x = (a.x + b.x) / 2;
      path += ` C${r(x)},${r(a.y)} ${r(x)},${r(b.y)} ${r(b.x)},${r(b.y)}`;
    } else {
      const y = (a.y + b.y) / 2;
      path += ` C${r(a.x)},${r(y)} ${r(b.x)},${r(y)} ${r(b.x)},${r(b.y)}`;
    }
  }
  return path;
}

function middle(a: IPoint, b: IPoint): IPoint {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
