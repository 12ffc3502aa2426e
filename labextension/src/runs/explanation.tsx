/** Where a run's time went and what would help: what `naavre-ext explain` says. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

import { durationText } from '../panel/runWording';
import { stepPlace, type ITimeline } from './timeline';

interface IExplanationProps {
  timeline: ITimeline;
  selected: string | null;
  onSelect: (step: string | null) => void;
  /** Goes to the cell that the advice is about; null where there is none. */
  onCell: (() => void) | null;
  trans: TranslationBundle;
}

export function Explanation({ timeline, selected, onSelect, onCell, trans }: IExplanationProps): ReactElement {
  const { explanation, critical_path } = timeline;
  const { advice, lost, seconds, efficiency } = explanation;
  const causes = Object.entries(lost).filter(([, time]) => time >= 0.01 * seconds && time > 0);
  const steps = new Map(timeline.steps.map(step => [stepPlace(step), step]));
  const notes = timeline.steps.flatMap(step => [
    ...step.whole.map(reason => trans.__('A loop of %1 ran whole: %2', stepPlace(step), reason)),
    ...(step.again ? [trans.__('%1 ran more than once: %2', stepPlace(step), step.again)] : [])
  ]);
  /** Shows only this step in the timeline, which takes a pointer for its bars. */
  const stepButton = (place: string): ReactElement => {
    const id = steps.get(place)?.id ?? null;
    const isSelected = id !== null && id === selected;
    return (
      <button type="button" className="naavre-Link" aria-pressed={isSelected} onClick={() => onSelect(isSelected ? null : id)}>
        {place}
      </button>
    );
  };
  return (
    <div className="naavre-Explanation">
      <section className="naavre-Explanation-advice">
        <h3>{trans.__('What would help most')}</h3>
        <p>
          {advice.text}
          {advice.gain_s > 0 && ` ${trans.__('That gains about %1 at best.', durationText(advice.gain_s))}`}
        </p>
        {onCell && (
          <button type="button" className="naavre-Button" onClick={onCell}>
            {trans.__('Go to cell')}
          </button>
        )}
        {notes.map(note => (
          <p key={note}>{note}</p>
        ))}
      </section>
      <section>
        <h3>{trans.__('Critical path')}</h3>
        <ol className="naavre-Explanation-path">
          {critical_path.map((part, index) => (
            <li key={index}>
              {stepButton(part.place)}
              <span>
                {durationText(part.seconds)}
                {part.batches > 0 && `, ${trans._n('%1 batch', '%1 batches', part.batches)}`}
              </span>
              <i style={{ width: `${Math.min(100, (100 * part.seconds) / (seconds || 1))}%` }} />
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h3>{trans.__('The workers were busy %1 % of the time', Math.round(100 * efficiency))}</h3>
        {causes.length > 0 && (
          <table className="naavre-Table">
            <tbody>
              {causes.map(([cause, time]) => (
                <tr key={cause}>
                  <td className="naavre-mod-number">{durationText(time)}</td>
                  <td>{causeText(cause, trans)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {explanation.batch_times.length > 0 && (
        <section className="naavre-Explanation-wide">
          <h3>{trans.__('Batches')}</h3>
          <table className="naavre-Table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Step')}</th>
                <th scope="col">{trans.__('Batches')}</th>
                <th scope="col">{trans.__('Workers')}</th>
                <th scope="col">{trans.__('Least')}</th>
                <th scope="col">{trans.__('Median')}</th>
                <th scope="col">{trans.__('Most')}</th>
              </tr>
            </thead>
            <tbody>
              {explanation.batch_times.map((times, index) => (
                <tr key={index}>
                  <th scope="row">{stepButton(times.place)}</th>
                  {[times.batches, times.workers].map((count, column) => (
                    <td key={column} className="naavre-mod-number">
                      {count}
                    </td>
                  ))}
                  {[times.least, times.median, times.most].map((time, column) => (
                    <td key={column} className="naavre-mod-number">
                      {durationText(time)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function causeText(cause: string, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    serial: trans.__('one cell at a time could run'),
    'long batch': trans.__('the last batches of a loop were waited for'),
    'hand-over': trans.__('batches were packed, sent and merged'),
    between: trans.__('a cell was waited for to be handed to its worker'),
    'start-up': trans.__('the workers started')
  };
  return texts[cause] ?? cause;
}
