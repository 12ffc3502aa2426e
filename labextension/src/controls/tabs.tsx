/** Tabs as screen readers and keyboards know them: one is reached by Tab, the others by the arrow keys. */

import type { KeyboardEvent, ReactElement } from 'react';

interface ITabsProps<T extends string> {
  /** Begins the ids of the tabs (`ID-tab-NAME`) and of the panels that they control (`ID-NAME`). */
  readonly id: string;
  readonly label: string;
  readonly tabs: readonly (readonly [name: T, label: string])[];
  readonly current: T;
  readonly onSelect: (name: T) => void;
}

export function Tabs<T extends string>({ id, label, tabs, current, onSelect }: ITabsProps<T>): ReactElement {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      const place = tabs.findIndex(([name]) => name === current);
      const next = (place + step + tabs.length) % tabs.length;
      onSelect(tabs[next][0]);
      (event.currentTarget.children[next] as HTMLElement).focus();
      event.preventDefault();
    }
  };
  return (
    <div className="naavre-Tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(([name, text]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${id}-tab-${name}`}
          aria-selected={name === current}
          aria-controls={`${id}-${name}`}
          tabIndex={name === current ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
