/** The timeline on the screen: a row for each worker, the critical path in full colour. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useMemo, useRef, useState, type ReactElement } from 'react';

import { durationText } from '../panel/runWording';
import { fitText, measureIn } from '../panel/fitText';
import * as palette from '../panel/palette';
import { ganttOf, type IBar, type IGantt } from './gantt';
import { batchName } from './logBook';
import { criticalSteps, spansOf, stepPlace, type ITimeline } from './timeline';

const ROW = 30;
const HEAD = 22;
const NAMES = 96;
/** For the label of the last tick. */
const MARGIN = 36;

interface IChartProps {
  timeline: ITimeline;
  /** The step that is looked at; others are drawn faintly. */
  selected: string | null;
  onSelect: (step: string | null) => void;
  trans: TranslationBundle;
}

export function GanttChart({ timeline, selected, onSelect, trans }: IChartProps): ReactElement {
  const host = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(600);
  const [zoom, setZoom] = useState(1);
  const [hint, setHint] = useState<{ bar: IBar; x: number; y: number } | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => setRoom(Math.max(200, element.clientWidth - NAMES - MARGIN - 12)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const width = room * zoom;
  const gantt = useMemo(
    () => ganttOf(spansOf(timeline), timeline.end - timeline.start, criticalSteps(timeline), width),
    [timeline, width]
  );
  const places = useMemo(() => new Map(timeline.steps.map(step => [step.id, step])), [timeline]);
  const height = HEAD + gantt.rows.length * ROW + 4;
  const scale = width / gantt.seconds;
  return (
    <div className="naavre-Gantt">
      <div className="naavre-Gantt-tools">
        <button type="button" className="naavre-Button" aria-label={trans.__('Shorter')} disabled={zoom <= 1} onClick={() => setZoom(zoom / 2)}>
          −
        </button>
        <button type="button" className="naavre-Button" aria-label={trans.__('Longer')} disabled={zoom >= 64} onClick={() => setZoom(zoom * 2)}>
          +
        </button>
        <span className="naavre-Gantt-legend">
          <span>
            <i style={{ background: palette.ACCENT }} /> {trans.__('critical path: the end waited for it')}
          </span>
          <span>
            <i style={{ background: palette.ACCENT, opacity: 0.3 }} /> {trans.__('other work')}
          </span>
        </span>
      </div>
      <div className="naavre-Gantt-scroll" ref={host} onMouseLeave={() => setHint(null)}>
        <div className="naavre-Gantt-names" style={{ width: NAMES, paddingTop: HEAD }} aria-hidden="true">
          {gantt.rows.map(row => (
            <div key={row.worker} style={{ height: ROW }} title={row.worker}>
              <span>{fitText(row.worker, NAMES - 10, measureIn('ui', 11))}</span>
              <small>{trans.__('%1 % busy', Math.round(100 * row.busy))}</small>
            </div>
          ))}
        </div>
        <svg width={width + MARGIN} height={height} role="img" aria-label={describe(gantt, trans)}>
          {gantt.ticks.map(tick => (
            <g key={tick.at}>
              <line x1={tick.at * scale + 0.5} x2={tick.at * scale + 0.5} y1={HEAD - 4} y2={height} stroke={palette.GRID} />
              <text x={tick.at * scale + 3} y={HEAD - 8} fontSize={10} fill={palette.MUTED} fontFamily={palette.UI_FONT}>
                {tick.label}
              </text>
            </g>
          ))}
          {gantt.rows.map((row, index) => (
            <g key={row.worker} transform={`translate(0 ${HEAD + index * ROW})`}>
              {row.bars.map((bar, place) => (
                <Bar
                  key={place}
                  bar={bar}
                  scale={scale}
                  label={String(places.get(bar.step)?.cell_number ?? '')}
                  isFaint={selected !== null && selected !== bar.step}
                  onPoint={(x, y) => setHint({ bar, ...within(host.current, x, y) })}
                  onClick={() => onSelect(selected === bar.step ? null : bar.step)}
                />
              ))}
            </g>
          ))}
        </svg>
        {hint && (
          <div className="naavre-Flow-hint" style={{ left: hint.x, top: hint.y }} role="tooltip">
            {hintLines(hint.bar, places.get(hint.bar.step), trans).map(line => (
              <div key={line}>{line}</div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

interface IBarProps {
  bar: IBar;
  scale: number;
  label: string;
  isFaint: boolean;
  onPoint: (x: number, y: number) => void;
  onClick: () => void;
}

function Bar({ bar, scale, label, isFaint, onPoint, onClick }: IBarProps): ReactElement {
  const x = bar.start * scale;
  // A hair of room between neighbours, as long as something of the bar is left.
  const width = Math.max(1, (bar.end - bar.start) * scale - 1);
  const strength = bar.critical ? 1 : 0.32;
  return (
    <g opacity={isFaint ? 0.25 : 1} onMouseMove={event => onPoint(event.clientX, event.clientY)} onClick={onClick}>
      <rect
        className="naavre-Gantt-bar"
        x={x}
        y={3}
        width={width}
        height={ROW - 8}
        rx={Math.min(3, width / 2)}
        fill={bar.failed ? palette.ERROR : palette.ACCENT}
        fillOpacity={bar.failed ? 1 : strength}
        stroke={bar.kind === 'step' ? palette.TEXT : 'none'}
        strokeOpacity={0.25}
      />
      {width > 16 && bar.count === 1 && (
        <text
          x={x + width / 2}
          y={ROW / 2 + 3}
          fontSize={10}
          fontWeight={600}
          fill={bar.critical || bar.failed ? palette.PAPER : palette.TEXT}
          fontFamily={palette.UI_FONT}
          textAnchor="middle"
          pointerEvents="none"
        >
          {label}
        </text>
      )}
    </g>
  );
}

function hintLines(bar: IBar, step: ITimeline['steps'][number] | undefined, trans: TranslationBundle): string[] {
  const lines = [step ? stepPlace(step) : bar.step];
  const items = trans._n('%1 item', '%1 items', bar.items);
  if (bar.kind === 'step') {
    lines.push(step?.batches ? trans.__('outside of its batches') : trans.__('in one piece'));
  } else if (bar.count > 1) {
    lines.push(`${trans.__('%1 batches', bar.count)}, ${items}`);
  } else {
    lines.push(`${trans.__('batch %1', batchName({ within: bar.within, batch: bar.batch ?? 0 }))}, ${items}`);
  }
  lines.push(trans.__('%1, from %2 on', durationText(bar.end - bar.start), durationText(bar.start)));
  return lines;
}

function describe(gantt: IGantt, trans: TranslationBundle): string {
  const rows = gantt.rows.map(row => trans.__('%1 %2 % busy', row.worker, Math.round(100 * row.busy)));
  return trans.__('Timeline of %1: %2', durationText(gantt.seconds), rows.join(', '));
}

/** Beside the pointer, in the part that is scrolled. */
function within(host: HTMLElement | null, x: number, y: number): { x: number; y: number } {
  const box = host?.getBoundingClientRect();
  if (!host || !box) {
    return { x, y };
  }
  return {
    x: Math.max(0, Math.min(x - box.left + 12, box.width - 250)) + host.scrollLeft,
    y: Math.min(y - box.top + 12, Math.max(0, box.height - 86)) + host.scrollTop
  };
}
