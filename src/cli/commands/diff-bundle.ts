/**
 * `diff --bundle`: what was collected of many nodes, each compared with what it should have. Nodes with the same answer are
 * one paragraph, and the odd ones are named first.
 */
import { readBundle } from '../../host/read-bundle.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import { loadCompilation } from '../load-node.ts';
import { compareNode, isNodeEqual, printNodes } from './diff-nodes.ts';
import type { DiffOptions } from './diff-options.ts';
import { DIFF_LISTS } from './diff-sides.ts';

/** @returns 2 where a node could not be compared, else 1 where one differs. */
export async function diffBundle(path: string, options: DiffOptions, io: CommandIO): Promise<number> {
  const loaded = await loadCompilation(options, { lists: DIFF_LISTS, isRelevant: () => true }, io);
  if (loaded === undefined) return 2;
  const answers = [];
  for (const host of await readBundle(path)) {
    const { node } = host;
    const isAsked = options.node === undefined || options.node === node;
    if (node === undefined || !isAsked) continue;
    answers.push(await compareNode(node, async () => host, { loaded, name: '' }, options, io));
  }
  if (answers.length === 0)
    throw new OperationalError('the bundle has no folder of a node that was asked for');
  await printNodes(answers, options, io);
  if (answers.some(({ kind }) => kind === 'failed')) return 2;
  return answers.every(isNodeEqual) ? 0 : 1;
}
