/**
 * The way of one Service's connections as a drawing. In: a graph. Out: the text of a Mermaid flowchart or of Graphviz.
 * Labels quote names and comments of anybody: nodes are numbered, and no label can end itself or be markup.
 */
import type { ServiceChanges } from '../diff/change.ts';
import type { GraphNode, GraphStatus, ServiceGraph } from '../diff/iptables/service-graph.ts';
import { plainText } from './plain-text.ts';

export interface DrawnService {
  readonly title: string;
  readonly graph: ServiceGraph;
  readonly changes: readonly ServiceChanges[];
}

export function diffMermaid({ title, graph, changes }: DrawnService): string {
  const lines = ['flowchart LR', `  subgraph service[${mermaidLabel(title)}]`];
  for (const [i, node] of graph.nodes.entries())
    lines.push(`    n${i}[${mermaidLabel(nodeText(node))}]${MERMAID_CLASS[node.status]}`);
  for (const { from, to, status, share } of graph.edges) {
    const label = edgeText(status, share);
    lines.push(`    n${from} ${MERMAID_LINE[status]}${label && `|${mermaidLabel(label)}|`} n${to}`);
  }
  lines.push('  end');
  for (const [i, text] of consequences(changes).entries())
    lines.push(`  c${i}[${mermaidLabel(text)}]:::change`);
  lines.push(
    '  classDef missing stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 4',
    '  classDef stale stroke:#bc4c00,stroke-width:4px',
    '  classDef change stroke:none',
  );
  return `${lines.join('\n')}\n`;
}

const MERMAID_CLASS: Readonly<Record<GraphStatus, string>> = {
  same: '',
  missing: ':::missing',
  stale: ':::stale',
};
const MERMAID_LINE: Readonly<Record<GraphStatus, string>> = { same: '-->', missing: '-.->', stale: '==>' };

/** In quotes; all but harmless characters as numbers, which Mermaid turns back behind its parser. */
function mermaidLabel(text: string): string {
  const escaped = plainText(text).replace(
    /[^A-Za-z0-9 .,:%()-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
  return `"${escaped}"`;
}

export function diffDot({ title, graph, changes }: DrawnService): string {
  const lines = ['digraph service {', '  rankdir=LR', '  node [shape=box]', `  label=${dotLabel(title)}`];
  for (const [i, node] of graph.nodes.entries())
    lines.push(`  n${i} [label=${dotLabel(nodeText(node))}${DOT_STYLE[node.status]}]`);
  for (const { from, to, status, share } of graph.edges) {
    const label = edgeText(status, share);
    lines.push(`  n${from} -> n${to} [label=${dotLabel(label)}${DOT_STYLE[status]}]`);
  }
  for (const [i, text] of consequences(changes).entries())
    lines.push(`  c${i} [shape=plaintext, label=${dotLabel(text)}]`);
  return `${lines.join('\n')}\n}\n`;
}

const DOT_STYLE: Readonly<Record<GraphStatus, string>> = {
  same: '',
  missing: ', color="#cf222e", style=dashed',
  stale: ', color="#bc4c00", style=bold',
};

/** In quotes, in which a backslash begins an escape and `&` an entity; never in `<>`, which would be markup. */
function dotLabel(text: string): string {
  return `"${plainText(text).replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function nodeText({ label, status }: GraphNode): string {
  return status === 'same' ? label : `${label} (${status})`;
}

function edgeText(status: GraphStatus, share: string): string {
  return [status === 'same' ? '' : status, share].filter((text) => text !== '').join(' ');
}

function consequences(changes: readonly ServiceChanges[]): readonly string[] {
  return changes.flatMap((each) => each.changes.map(({ kind, consequence }) => `${kind}: ${consequence}`));
}
