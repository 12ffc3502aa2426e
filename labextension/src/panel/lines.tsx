/** Lines of text, and lines with a head, as SVG. */

import type { ReactElement } from 'react';

import { fitText, measureIn } from './fitText';
import * as palette from './palette';
import type { IRoute } from './routes';

interface ITextProps {
  x: number;
  y: number;
  width: number;
  text: string;
  size: number;
  colour?: string;
  weight?: number;
  isCode?: boolean;
  anchor?: 'start' | 'middle' | 'end';
}

/** One line of text, cut to `width`. */
export function Line(props: ITextProps): ReactElement {
  const { x, y, width, text, size, colour = palette.TEXT, weight = 400, isCode = false } = props;
  return (
    <text
      x={x}
      y={y}
      fontSize={size}
      fontWeight={weight}
      fill={colour}
      fontFamily={isCode ? palette.CODE_FONT : palette.UI_FONT}
      textAnchor={props.anchor ?? 'start'}
    >
      {fitText(text, width, measureIn(isCode ? 'code' : 'ui', size, weight))}
    </text>
  );
}

interface ILinesProps {
  route: IRoute;
  colour: string;
  width?: number;
  dashes?: string;
}

/** An edge's line and head. */
export function RouteLines({ route, colour, width = 1.3, dashes }: ILinesProps): ReactElement {
  return (
    <>
      <path d={route.path} fill="none" stroke={colour} strokeWidth={width} strokeDasharray={dashes} />
      <path d={route.arrow} fill={colour} />
    </>
  );
}
