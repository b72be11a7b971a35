/** What `diff` of many nodes has in common: how one of them is compared, and how all answers are printed. */

import { diffNode } from '../../diff/diff-node.ts';
import type { HostState } from '../../host/host-state.ts';
import { diffJsonDocument } from '../../report/diff-json.ts';
import { type NodeAnswer, nodesText } from '../../report/diff-nodes-text.ts';
import { diffPrometheus } from '../../report/diff-prometheus.ts';
import { plainJson } from '../../report/plain-data.ts';
import { style } from '../../report/style.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compileNode } from '../fit-node.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { reportDiagnostics } from '../load-input.ts';
import type { LoadedCompilation } from '../load-node.ts';
import { writeMetrics } from './diff-metrics.ts';
import type { DiffOptions } from './diff-options.ts';
import { hostSides } from './diff-sides.ts';

export interface ComparedCluster {
  readonly loaded: LoadedCompilation;
  /** What the nodes are compared with, for the head. */
  readonly name: string;
}

/** @param read may fail with an OperationalError, which is then the node's answer */
export async function compareNode(
  node: string,
  read: () => Promise<HostState>,
  { loaded, name }: ComparedCluster,
  options: DiffOptions,
  io: CommandIO,
): Promise<NodeAnswer> {
  try {
    const host = await read();
    reportDiagnostics(host.notes, [], options, io);
    const own = { ...options, node };
    const intended = await compileNode(loaded, own);
    const { head, questions, leftovers } = await hostSides(intended, host, name, own, io);
    // The rules of one node are let go before the next is read.
    const diff = { ...diffNode(questions, leftovers), chains: () => [] };
    return { kind: 'compared', node, head, diff };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return { kind: 'failed', node, reason: error.message };
  }
}

export function isNodeEqual(answer: NodeAnswer): boolean {
  return answer.kind === 'compared' && answer.diff.equal;
}

export async function printNodes(
  answers: readonly NodeAnswer[],
  options: DiffOptions,
  io: CommandIO,
): Promise<void> {
  await writeMetrics(answers, options);
  if (options.output === 'json') return writeAll(io.stdout, [nodesJson(answers)]);
  if (options.output === 'prometheus') return writeAll(io.stdout, [diffPrometheus(answers, Date.now())]);
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
  const [showStale, all] = [options.showStale === true, options.verbose === true];
  await writeAll(io.stdout, [nodesText(answers, { chalk, showStale, all })]);
}

function nodesJson(answers: readonly NodeAnswer[]): string {
  const nodes = answers.map((each) =>
    each.kind === 'failed'
      ? { node: each.node, error: each.reason }
      : { node: each.node, release: each.head.release, ...diffJsonDocument(each.diff) },
  );
  return plainJson({ equal: answers.every(isNodeEqual), nodes });
}
