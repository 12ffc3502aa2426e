import { useEffect, useId, useState, type KeyboardEvent, type ReactElement } from 'react';

interface ITextInput {
  readonly label: string;
  /** As the cell has it; empty where it isn't annotated. */
  readonly value: string;
  readonly help: string;
  readonly note?: string;
  readonly placeholder?: string;
  /** The label stands above the input, which takes the whole width. */
  readonly isWide?: boolean;
  readonly options?: readonly string[];
  /** Rejects with the reason when the text isn't one that can be written. */
  readonly commit: (text: string) => Promise<void>;
}

/** A line of text that is written to the cell on Enter and when the input is left; Escape takes it back. */
export function TextInput(props: ITextInput): ReactElement {
  const id = useId();
  const [draft, setDraft] = useState(props.value);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    setDraft(props.value);
    setProblem('');
  }, [props.value]);

  const commit = (): void => {
    const text = draft.trim();
    if (text === props.value) {
      setProblem('');
      return;
    }
    props.commit(text).then(
      () => setProblem(''),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error))
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      commit();
    } else if (event.key === 'Escape') {
      setDraft(props.value);
      setProblem('');
    }
  };
  const described = [`${id}-help`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className={props.isWide ? 'naavre-Field naavre-mod-wide' : 'naavre-Field'}>
      <label htmlFor={id} title={props.help}>
        {props.label}
      </label>
      <input
        id={id}
        type="text"
        className="jp-mod-styled"
        value={draft}
        placeholder={props.placeholder}
        spellCheck={false}
        autoComplete="off"
        title={props.help}
        list={props.options?.length ? `${id}-options` : undefined}
        aria-invalid={problem !== ''}
        aria-describedby={described}
        onChange={event => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={onKeyDown}
      />
      {props.options?.length ? (
        <datalist id={`${id}-options`}>
          {props.options.map(option => (
            <option key={option} value={option} />
          ))}
        </datalist>
      ) : null}
      <span id={`${id}-help`} className="naavre-mod-unseen">
        {props.help}
      </span>
      {problem && (
        <p id={`${id}-problem`} className="naavre-Field-problem" role="alert">
          {problem}
        </p>
      )}
      {props.note && <p className="naavre-Field-note">{props.note}</p>}
    </div>
  );
}

interface IFlagInput {
  readonly label: string;
  readonly help: string;
  readonly checked: boolean;
  readonly note?: string;
  readonly commit: (checked: boolean) => Promise<void>;
}

/** An annotation that is there or isn't. */
export function FlagInput(props: IFlagInput): ReactElement {
  const id = useId();
  const [checked, setChecked] = useState(props.checked);
  const [problem, setProblem] = useState('');
  useEffect(() => setChecked(props.checked), [props.checked]);
  const commit = (wanted: boolean): void => {
    setChecked(wanted);
    props.commit(wanted).then(
      () => setProblem(''),
      (error: unknown) => {
        setChecked(!wanted);
        setProblem(error instanceof Error ? error.message : String(error));
      }
    );
  };
  return (
    <div className="naavre-Flag">
      <label title={props.help}>
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={`${id}-help`}
          onChange={event => commit(event.target.checked)}
        />
        {props.label}
      </label>
      <span id={`${id}-help`} className="naavre-mod-unseen">
        {props.help}
      </span>
      {problem && (
        <p className="naavre-Field-problem" role="alert">
          {problem}
        </p>
      )}
      {props.note && <p className="naavre-Field-note">{props.note}</p>}
    </div>
  );
}
