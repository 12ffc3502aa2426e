/** What a screen reader says of a step: all that the drawing shows of it. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IGraph, IGraphNode } from './graph';
import type { INodeRun } from './nodeRuns';
import { stateText } from './runWording';
import { placeText } from './wording';

/** `Cell 6 "compare genomes". Split ... . Running 3 of 5. Waits for cell 4 (genomes). 1 warning.` */
export function nodeDescription(
  node: IGraphNode,
  graph: IGraph,
  run: INodeRun | null,
  trans: TranslationBundle
): string {
  const byId = new Map(graph.nodes.map(other => [other.id, other]));
  const place = (other: IGraphNode | undefined): string =>
    other ? placeText(other.cellNumber, other.isCode ? null : other.title, trans) : '';
  const sentences = [node.isCode ? `${place(node)}: ${node.title}` : place(node)];
  sentences.push(...node.parts.filter(part => part.kind === 'batches').map(part => part.hover));
  if (run) {
    sentences.push(stateText(run, trans));
  }
  const waits = graph.edges
    .filter(edge => edge.target === node.id && !edge.implied)
    .map(edge => `${place(byId.get(edge.source))} (${edge.label})`);
  if (waits.length) {
    sentences.push(trans.__('waits for %1', waits.join(', ')));
  }
  if (node.detail) {
    sentences.push(trans.__('makes %1', node.detail));
  }
  sentences.push(...node.marks);
  sentences.push(...node.diagnostics.map(d => `${severityText(d.severity, trans)}: ${d.message}`));
  return sentences.map(sentence).join(' ');
}

export function severityText(severity: 'error' | 'warning' | 'info', trans: TranslationBundle): string {
  return { error: trans.__('error'), warning: trans.__('warning'), info: trans.__('remark') }[severity];
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
