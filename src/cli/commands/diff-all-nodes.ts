/**
 * `diff --all-nodes --via-pod`: every Node of a live cluster, a few at a time, read through its kube-proxy Pod and compared
 * with what the release of its kubelet would write there.
 */
import { Writable } from 'node:stream';
import { readViaPod } from '../../host/read-via-pod.ts';
import { followedMode } from '../../library/compiled-rules.ts';
import { releaseOfNode } from '../../proxy/node-release.ts';
import type { NodeAnswer } from '../../report/diff-nodes-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import { kubectlOf, reportDiagnostics } from '../load-input.ts';
import { loadCompilation } from '../load-node.ts';
import { toolsOf } from '../node-rules.ts';
import { OTHER_TOOLS } from '../other-modes.ts';
import { showProgress } from '../progress.ts';
import { type ComparedCluster, compareNode, isNodeEqual, printNodes } from './diff-nodes.ts';
import type { DiffOptions } from './diff-options.ts';
import { DIFF_LISTS } from './diff-sides.ts';

/** So many nodes are read at the same time. */
const AT_ONCE = 4;

/** @returns 1 where a node differs, else 2 where one could not be compared. */
export async function diffAllNodes(options: DiffOptions, io: CommandIO): Promise<number> {
  // Each node's release is looked at below.
  const isRelevant = ({ code }: { readonly code: string }) => code !== 'ReleaseAssumed';
  const loaded = await loadCompilation(options, { lists: DIFF_LISTS, isRelevant }, io);
  if (loaded === undefined) return 2;
  followedMode(loaded.compiled.mode);
  const nodes = loaded.state.nodes.map(({ metadata }) => metadata.name);
  if (nodes.length === 0) throw new OperationalError('the cluster has no Nodes');
  const answers = await readNodes(nodes, { loaded, name: 'read via kube-proxy' }, options, io);
  await printNodes(answers, options, io);
  if (answers.some((each) => each.kind === 'compared' && !each.diff.equal)) return 1;
  return answers.every(isNodeEqual) ? 0 : 2;
}

/** The answers, and what is said on the way, come in the order of the nodes. */
async function readNodes(
  nodes: readonly string[],
  cluster: ComparedCluster,
  options: DiffOptions,
  io: CommandIO,
): Promise<readonly NodeAnswer[]> {
  const kubectl = kubectlOf(options, io);
  const { mode } = cluster.loaded.compiled;
  const [tools, others] = [toolsOf(mode), OTHER_TOOLS[followedMode(mode)]];
  const progress = showProgress(nodes.length, 'nodes compared', io);
  const stop = new AbortController();
  const found: { readonly answer: NodeAnswer; readonly said: readonly string[] }[] = [];
  let next = 0;
  const work = async () => {
    while (next < nodes.length && !stop.signal.aborted) {
      const at = next++;
      const node = nodes[at] as string;
      const notes = new NodeNotes(node, io);
      const nodeIO = { ...io, stderr: notes };
      reportRelease(node, cluster, options, nodeIO);
      const read = () => readViaPod(node, kubectl, { signal: stop.signal, tools, others });
      const answer = await compareNode(node, read, cluster, options, nodeIO);
      found[at] = { answer, said: notes.said };
      progress.step();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    stop.abort();
    progress.end();
  }
  for (const { said } of found) for (const text of said) io.stderr.write(text);
  return found.map(({ answer }) => answer);
}

function reportRelease(node: string, { loaded }: ComparedCluster, options: DiffOptions, io: CommandIO): void {
  if (options.kubeVersion !== undefined) return;
  const found = loaded.state.nodes.find(({ metadata }) => metadata.name === node);
  reportDiagnostics(releaseOfNode(found).diagnostics, [], options, io);
}

/** Keeps what is said of one node until all have been read; each message then names the node. */
class NodeNotes extends Writable {
  readonly said: string[] = [];
  readonly isTTY: boolean;
  private readonly node: string;

  constructor(node: string, { stderr }: CommandIO) {
    super({ decodeStrings: false });
    this.node = node;
    this.isTTY = 'isTTY' in stderr && stderr.isTTY === true;
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.said.push(`${this.node}: ${chunk.toString()}`);
    done();
  }
}
