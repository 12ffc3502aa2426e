/** What is known of the selected step or edge, in words; all that hovering shows can be read here. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { useSyncExternalStore, type ReactElement, type ReactNode } from 'react';

import type { IGraphEdge, IGraphNode } from './graph';
import { DiagnosticItem } from './notices';
import * as palette from './palette';
import type { PanelModel } from './panelModel';
import { stateText } from './runWording';
import { placeText } from './wording';

interface IDetailsProps {
  model: PanelModel;
  onOpen: (node: IGraphNode) => void;
}

export function Details({ model, onOpen }: IDetailsProps): ReactElement {
  const { selection, graph, trans } = model;
  const node = selection?.kind === 'node' ? model.node(selection.id) : null;
  const edge = selection?.kind === 'edge' ? graph.edges.find(e => e.id === selection.id) : null;
  const chain = selection?.kind === 'chain' ? graph.chains.find(c => c.id === selection.id) : null;
  return (
    <section className="naavre-Details" aria-label={trans.__('About what is selected')}>
      {node && <NodeDetails key={node.id} model={model} node={node} onOpen={onOpen} />}
      {edge && <EdgeDetails model={model} source={edge.source} target={edge.target} why={edge.why} />}
      {chain && <EdgeDetails model={model} source={chain.source} target={chain.target} why={[chain.why]} />}
      {!node && !edge && !chain && (
        <>
          <p className="naavre-Details-none">{trans.__('Select a step to read what it needs, makes and waits for.')}</p>
          <Legend trans={trans} />
        </>
      )}
    </section>
  );
}

/** What the lines of the drawing mean. */
function Legend({ trans }: { trans: TranslationBundle }): ReactElement {
  const lines: [string, number, string | undefined, string][] = [
    [palette.EDGE, 1.3, undefined, trans.__('hands over variables')],
    [palette.EDGE, 1.3, '5 4', trans.__('only comes first')],
    [palette.ACCENT, 3, undefined, trans.__('batches flow on without waiting for the merger')]
  ];
  return (
    <ul className="naavre-Legend">
      {lines.map(([colour, width, dashes, text]) => (
        <li key={text}>
          <svg width={30} height={8} aria-hidden="true">
            <path d="M0,4 H30" stroke={colour} strokeWidth={width} strokeDasharray={dashes} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

function NodeDetails({ model, node, onOpen }: IDetailsProps & { node: IGraphNode }): ReactElement {
  const { trans, graph } = model;
  const run = useSyncExternalStore(
    callback => model.runs.subscribe(node.id, callback),
    () => model.runs.get(node.id)
  );
  const check = model.checkOf(node);
  const waits = graph.edges.filter(edge => edge.target === node.id);
  const followers = graph.edges.filter(edge => edge.source === node.id);
  return (
    <>
      <header className="naavre-Details-heading">
        <h3 className={node.isCode ? 'naavre-mod-code' : undefined}>
          <span className="naavre-Details-number">{node.cellNumber}</span> {node.title}
        </h3>
        <button type="button" className="naavre-Button" onClick={() => onOpen(node)}>
          {trans.__('Go to cell')}
        </button>
      </header>
      {node.diagnostics.length > 0 && (
        <ul className="naavre-Notices-list">
          {node.diagnostics.map((diagnostic, index) => (
            <DiagnosticItem key={index} diagnostic={diagnostic} trans={trans} />
          ))}
        </ul>
      )}
      <dl className="naavre-Details-facts">
        {run && <Fact name={trans.__('Last run')}>{stateText(run, trans)}</Fact>}
        {node.parts
          .filter(part => part.kind !== 'splitter')
          .map(part => (
            <Fact key={part.id} name={part.kind === 'batches' ? trans.__('Batches') : trans.__('Merger')}>
              {part.hover}
            </Fact>
          ))}
        {waits.length > 0 && (
          <Fact name={trans.__('Waits for')}>
            <EdgeList model={model} edges={waits} end="source" />
          </Fact>
        )}
        {node.detail && (
          <Fact name={trans.__('Makes')}>
            <code>{node.detail}</code>
          </Fact>
        )}
        {followers.length > 0 && (
          <Fact name={trans.__('Used by')}>
            <EdgeList model={model} edges={followers} end="target" />
          </Fact>
        )}
        {check && <Fact name={trans.__('Runs')}>{placement(check, trans)}</Fact>}
        {check?.limits.map(limit => (
          <Fact key={limit} name={trans.__('Limits')}>
            {limit}
          </Fact>
        ))}
      </dl>
    </>
  );
}

/** `in any worker`, or where else and why. */
function placement(check: NonNullable<ReturnType<PanelModel['checkOf']>>, trans: TranslationBundle): string {
  const place = check.group
    ? trans.__('in the worker of group %1', check.group)
    : check.placement === 'any'
      ? trans.__('in any worker')
      : trans.__('in the main worker');
  const parts = [check.barrier ? trans.__('%1, after everything before it', place) : place];
  if (check.reasons.length) {
    parts.push(check.reasons.map(reason => reason.text).join('; '));
  }
  return parts.join(': ');
}

function EdgeDetails({
  model,
  source,
  target,
  why
}: {
  model: PanelModel;
  source: string;
  target: string;
  why: readonly string[];
}): ReactElement {
  const ends = [model.node(source), model.node(target)].filter(end => end !== null);
  return (
    <>
      <header className="naavre-Details-heading">
        <h3>{model.trans.__('Why one waits for the other')}</h3>
      </header>
      <ul className="naavre-Details-why">
        {why.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
      <p className="naavre-Details-ends">
        {ends.map(end => (
          <StepLink key={end.id} model={model} node={end} />
        ))}
      </p>
    </>
  );
}

function EdgeList({
  model,
  edges,
  end
}: {
  model: PanelModel;
  edges: readonly IGraphEdge[];
  end: 'source' | 'target';
}): ReactElement {
  return (
    <ul className="naavre-Details-edges">
      {edges.map(edge => {
        const node = model.node(edge[end]);
        return (
          node && (
            <li key={edge.id}>
              <StepLink model={model} node={node} /> <span title={edge.why.join('\n')}>{edge.label}</span>
            </li>
          )
        );
      })}
    </ul>
  );
}

/** Selects the step when it is pressed. */
function StepLink({ model, node }: { model: PanelModel; node: IGraphNode }): ReactElement {
  return (
    <button
      type="button"
      className="naavre-Link"
      onClick={() => model.select({ kind: 'node', id: node.id })}
    >
      {placeText(node.cellNumber, node.isCode ? null : node.title, model.trans)}
    </button>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
