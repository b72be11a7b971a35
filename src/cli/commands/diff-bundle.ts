/**
 * `diff --bundle`: what was collected of many nodes, each compared with what it should have. Nodes with the same answer are
 * one paragraph, and the odd ones are named first.
 */
import { diffNode } from '../../diff/diff-node.ts';
import type { HostState } from '../../host/host-state.ts';
import { readBundle } from '../../host/read-bundle.ts';
import { diffJsonDocument } from '../../report/diff-json.ts';
import { type NodeAnswer, nodesText } from '../../report/diff-nodes-text.ts';
import { style } from '../../report/style.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compileNode } from '../fit-node.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { reportDiagnostics } from '../load-input.ts';
import { type LoadedCompilation, loadCompilation } from '../load-node.ts';
import type { DiffOptions } from './diff-options.ts';
import { DIFF_LISTS, hostSides } from './diff-sides.ts';

/** @returns 2 where a node could not be compared, else 1 where one differs. */
export async function diffBundle(path: string, options: DiffOptions, io: CommandIO): Promise<number> {
  if (options.output !== 'text' && options.output !== 'json') {
    throw new OperationalError(`-o ${options.output} is for one node, not for a bundle`);
  }
  const loaded = await loadCompilation(options, { lists: DIFF_LISTS, isRelevant: () => true }, io);
  if (loaded === undefined) return 2;
  const answers: NodeAnswer[] = [];
  for (const host of await readBundle(path)) {
    const isAsked = options.node === undefined || options.node === host.node;
    if (host.node === undefined || !isAsked) continue;
    answers.push(await compareNode(host.node, host, loaded, options, io));
  }
  if (answers.length === 0)
    throw new OperationalError('the bundle has no folder of a node that was asked for');
  if (options.output === 'json') await writeAll(io.stdout, [nodesJson(answers)]);
  else {
    const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
    const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
    const [showStale, all] = [options.showStale === true, options.verbose === true];
    await writeAll(io.stdout, [nodesText(answers, { chalk, showStale, all })]);
  }
  if (answers.some(({ kind }) => kind === 'failed')) return 2;
  return answers.every((each) => each.kind === 'compared' && each.diff.equal) ? 0 : 1;
}

async function compareNode(
  node: string,
  host: HostState,
  loaded: LoadedCompilation,
  options: DiffOptions,
  io: CommandIO,
): Promise<NodeAnswer> {
  reportDiagnostics(host.notes, [], options, io);
  try {
    const own = { ...options, node };
    const intended = await compileNode(loaded, own);
    const { head, questions } = await hostSides(intended, host, '', own, io);
    return { kind: 'compared', node, head, diff: diffNode(questions) };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return { kind: 'failed', node, reason: error.message };
  }
}

function nodesJson(answers: readonly NodeAnswer[]): string {
  const nodes = answers.map((each) =>
    each.kind === 'failed'
      ? { node: each.node, error: each.reason }
      : { node: each.node, release: each.head.release, ...diffJsonDocument(each.diff) },
  );
  const equal = answers.every((each) => each.kind === 'compared' && each.diff.equal);
  return `${JSON.stringify({ equal, nodes }, null, 2)}\n`;
}
