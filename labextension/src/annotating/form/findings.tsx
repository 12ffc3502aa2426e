import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

import type { ICellCheck, ICellRef, IDiagnostic, ILoopCheck, ISuggestion } from '../../api/types';
import { findingsOf, gainPhrase, loopName, splitPhrase, wholePhrase } from '../cellPhrases';

interface ICellFindings {
  readonly check: ICellCheck | null;
  /** Whether `check` is of before the notebook's present errors. */
  readonly isOld: boolean;
  readonly diagnostics: readonly IDiagnostic[];
  readonly trans: TranslationBundle;
  readonly goToCell: (cellId: string) => void;
  readonly goToLine: (line: number) => void;
  readonly apply: (suggestion: ISuggestion) => void;
}

/** What is wrong with the cell, and what would make it faster. */
export function CellProblems(props: ICellFindings): ReactElement | null {
  const { check, diagnostics } = props;
  const toldByLoop = new Set(check?.loops.map(loop => loop.reason).filter(Boolean));
  const problems = diagnostics.filter(
    diagnostic => ![...toldByLoop].some(reason => reason && diagnostic.message.includes(reason))
  );
  const suggestions = check?.suggestions.filter(one => one.kind !== 'rewrite') ?? [];
  if (!problems.length && !suggestions.length) {
    return null;
  }
  return (
    <div className="naavre-Problems">
      {problems.map((diagnostic, index) => (
        <Problem key={index} diagnostic={diagnostic} {...props} />
      ))}
      {suggestions.map((suggestion, index) => (
        <Hint key={index} suggestion={suggestion} {...props} />
      ))}
    </div>
  );
}

/** What the compiler found out about the cell: its loops, and what it needs and makes. */
export function CellFindings(props: ICellFindings): ReactElement {
  const { check, isOld, trans } = props;
  return (
    <div className={`naavre-Findings ${isOld ? 'naavre-mod-old' : ''}`}>
      {check && check.loops.length > 0 && (
        <section>
          <h3>{trans.__('Loops')}</h3>
          <ul className="naavre-Loops">
            {check.loops.map(loop => (
              <Loop key={loop.index} loop={loop} {...props} />
            ))}
          </ul>
        </section>
      )}
      {check && (
        <section>
          <h3>{trans.__('What it needs and makes')}</h3>
          <dl className="naavre-Dataflow">
            {findingsOf(check, trans).map((finding, index) => (
              <div key={index}>
                <dt>{finding.heading}</dt>
                <dd>
                  {finding.text}
                  {finding.cells.map(cell => (
                    <CellLink key={cell.cell_id} cell={cell} {...props} />
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

function CellLink(props: ICellFindings & { readonly cell: ICellRef }): ReactElement {
  const { cell, trans, goToCell } = props;
  return (
    <button type="button" className="naavre-CellLink" onClick={() => goToCell(cell.cell_id)}>
      {trans.__('cell %1', cell.cell_number)}
    </button>
  );
}

function LineLink(props: ICellFindings & { readonly line: number | null }): ReactElement | null {
  const { line, trans, goToLine } = props;
  return line === null ? null : (
    <button type="button" className="naavre-CellLink" onClick={() => goToLine(line)}>
      {trans.__('line %1', line)}
    </button>
  );
}

function Problem(props: ICellFindings & { readonly diagnostic: IDiagnostic }): ReactElement {
  const { diagnostic } = props;
  return (
    <div className={`naavre-Problem naavre-mod-${diagnostic.severity}`} role="note">
      <p>
        {sentence(diagnostic.message)} <LineLink {...props} line={diagnostic.line} />
      </p>
      {diagnostic.remedy && <p className="naavre-Remedy">{diagnostic.remedy}</p>}
      <span className="naavre-Code">{diagnostic.code}</span>
    </div>
  );
}

function Hint(props: ICellFindings & { readonly suggestion: ISuggestion }): ReactElement {
  const { suggestion, trans, apply } = props;
  const gain = gainPhrase(suggestion, trans);
  const label = suggestion.kind === 'add-split' ? trans.__('Split it') : trans.__('Don’t split it');
  return (
    <div className="naavre-Problem naavre-mod-hint" role="note">
      <p>
        {sentence(suggestion.text)} <LineLink {...props} line={suggestion.line} />
      </p>
      {gain && <p className="naavre-Remedy">{gain}</p>}
      {suggestion.edit && (
        <button type="button" className="jp-mod-styled jp-mod-accept naavre-Fix" onClick={() => apply(suggestion)}>
          {label}
        </button>
      )}
    </div>
  );
}

function Loop(props: ICellFindings & { readonly loop: ILoopCheck }): ReactElement {
  const { loop, trans } = props;
  const [state, word] = loop.split
    ? ['split', trans.__('split')]
    : loop.splittable
      ? ['could', trans.__('could be split')]
      : ['whole', trans.__('runs whole')];
  return (
    <li>
      <p>
        <span className={`naavre-Tag naavre-mod-${state}`}>{word}</span> {loopName(loop, trans)}{' '}
        <LineLink {...props} line={loop.line} />
      </p>
      {loop.split && <p className="naavre-Remedy">{splitPhrase(loop, trans)}</p>}
      {!loop.split && loop.reason && <p>{wholePhrase(loop, trans)}.</p>}
      {!loop.split && loop.remedy && <p className="naavre-Remedy">{loop.remedy}</p>}
    </li>
  );
}

/** With a capital and a full stop, where it begins with a word. */
function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? '' : '.';
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}
