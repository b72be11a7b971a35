/**
 * Follows views by compiling each of them whole, for modes that do not know better. In: how a view is compiled. Out: how
 * views that follow one another are; what differs is told by the lines of the artifacts.
 */
import type { NodeView } from '../proxy/node-view.ts';
import type { Artifact, CompiledNode, FollowedNode, RuleChange } from './backend.ts';

/** @param compared names of the artifacts that tell what has changed; the others say the same in other words */
export function followAnew(compile: (view: NodeView) => CompiledNode, compared: readonly string[]) {
  return (view: NodeView, previous: FollowedNode | undefined): FollowedNode => {
    const compiled = compile(view);
    const linesOf = (node: CompiledNode) =>
      new Map(node.artifacts.filter(({ name }) => compared.includes(name)).map(readLines));
    // Not the node before itself, which knows the one before it.
    const before = previous === undefined ? undefined : linesOf(previous);
    const changes = () =>
      [...linesOf(compiled)].flatMap(([name, lines]) => change(name, before?.get(name), lines));
    return { ...compiled, changes };
  };
}

interface Lines {
  readonly family: Artifact['family'];
  readonly lines: readonly string[];
}

function readLines({ name, family, text }: Artifact): [string, Lines] {
  return [name, { family, lines: [...text()].join('').split('\n').slice(0, -1) }];
}

function change(name: string, before: Lines | undefined, { family, lines }: Lines): RuleChange[] {
  const part = { family, table: name, chain: '' };
  if (before === undefined) return [{ ...part, before: undefined, after: lines }];
  const gone = without(before.lines, lines);
  const made = without(lines, before.lines);
  return gone.length + made.length === 0 ? [] : [{ ...part, before: gone, after: made }];
}

/** Each line counts as often as it stands there. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
