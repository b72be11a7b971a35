/** `diff`: the intended rules of a node and those of a host, or of another compilation, in; what differs, and what that does, out. */
import type { NodeDiff } from '../../diff/change.ts';
import type { FamilyQuestion } from '../../diff/diff-family.ts';
import { diffNode } from '../../diff/diff-node.ts';
import { diffJson } from '../../report/diff-json.ts';
import { type DiffHead, diffText } from '../../report/diff-text.ts';
import { style } from '../../report/style.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { checkDiffOptions, type DiffOptions } from './diff-options.ts';
import { loadSides } from './diff-sides.ts';

/** @returns 0 where both sides are the same, 1 where they differ or it cannot be told, 2 where something was refused. */
export async function diffCommand(options: DiffOptions, io: CommandIO): Promise<number> {
  checkDiffOptions(options);
  const sides = await loadSides(options, io);
  if (sides === undefined) return 2;
  const { head, questions } = sides;
  const diff = diffNode(questions);
  await writeAll(io.stdout, print(diff, head, questions, options, io));
  return diff.equal ? 0 : 1;
}

function print(
  diff: NodeDiff,
  head: DiffHead,
  _questions: readonly FamilyQuestion[],
  options: DiffOptions,
  io: CommandIO,
): Iterable<string> {
  switch (options.output) {
    case 'json':
      return [diffJson(diff)];
    default: {
      const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
      const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
      return [
        diffText(diff, head, { chalk, showStale: options.showStale === true, all: options.verbose === true }),
      ];
    }
  }
}
