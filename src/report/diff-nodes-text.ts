/** Comparisons of many nodes for people. In: an answer for each node. Out: text, nodes with the same answer together, the odd ones first. */
import type { NodeDiff } from '../diff/change.ts';
import { type DiffHead, type DiffStyle, diffText } from './diff-text.ts';
import { plainText } from './plain-text.ts';

export type NodeAnswer =
  | { readonly kind: 'compared'; readonly node: string; readonly head: DiffHead; readonly diff: NodeDiff }
  | { readonly kind: 'failed'; readonly node: string; readonly reason: string };

/** So many names of equal nodes are shown. */
const MOST_NODES = 8;

export function nodesText(answers: readonly NodeAnswer[], style: DiffStyle): string {
  const groups = new Map<string, { readonly answer: NodeAnswer; readonly nodes: string[] }>();
  for (const answer of answers) {
    const key = keyOf(answer);
    const known = groups.get(key) ?? { answer, nodes: [] };
    known.nodes.push(answer.node);
    groups.set(key, known);
  }
  const head = headline(answers);
  const sorted = [...groups.values()].sort(
    (a, b) => rank(a.answer) - rank(b.answer) || a.nodes.length - b.nodes.length,
  );
  return [`${head}\n`, ...sorted.map(({ answer, nodes }) => `\n${groupText(answer, nodes, style)}`)].join('');
}

function headline(answers: readonly NodeAnswer[]): string {
  const wrong = answers.filter((each) => each.kind === 'failed' || !each.diff.equal).length;
  if (wrong === 0)
    return answers.length === 1 ? 'the one node is right' : `all ${answers.length} nodes are right`;
  const cannot = answers.some(({ kind }) => kind === 'failed') ? ' or cannot be compared' : '';
  return `${wrong} of ${answers.length} nodes ${wrong === 1 && cannot === '' ? 'differs' : 'differ'}${cannot}`;
}

/** All that tells answers apart, but the node itself. */
function keyOf(answer: NodeAnswer): string {
  if (answer.kind === 'failed') return `failed ${answer.reason}`;
  const { services, foreign, unknown, leftovers, equal } = answer.diff;
  return JSON.stringify([answer.head.release, equal, services, foreign, unknown, leftovers]);
}

function rank(answer: NodeAnswer): number {
  if (answer.kind === 'failed') return 0;
  return answer.diff.equal ? 2 : 1;
}

function groupText(answer: NodeAnswer, nodes: readonly string[], style: DiffStyle): string {
  const shown = style.all ? nodes : nodes.slice(0, MOST_NODES);
  const more = nodes.length > shown.length ? ` and ${nodes.length - shown.length} more` : '';
  const names = `${shown.join(', ')}${more}`;
  if (answer.kind === 'failed')
    return `${plainText(names)}: ${style.chalk.red('not compared')}: ${plainText(answer.reason)}\n`;
  return diffText(answer.diff, { ...answer.head, node: names }, style);
}
