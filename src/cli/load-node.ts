/** Reads manifests or a live cluster and compiles one node of it: what `trace` and `explain` begin with. */
import type { ClusterList } from '../input/read-cluster.ts';
import type { Source, SourceObject } from '../input/source.ts';
import { type Compilation, compile } from '../library/compile.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import type { CommandIO } from './io.ts';
import {
  isLive,
  type LoadedInput,
  type LoadedNode,
  loadCluster,
  loadClusterOfNode,
  loadInput,
  loadProxyConfiguration,
  reportDiagnostics,
  withoutDeprecations,
} from './load-input.ts';
import type { ClusterOptions, CommonOptions, InputOptions, NodeOptions } from './options.ts';

export interface NodeInputOptions extends InputOptions, ClusterOptions, NodeOptions, CommonOptions {}

export interface LoadedCompilation extends Compilation {
  /** Find places in what was read. */
  readonly sources: readonly Source[];
}

export interface LoadRequest {
  /** Of a live cluster. */
  readonly lists: readonly ClusterList[];
  /** The node where no flag names one; undefined leaves it to the configuration and the input. */
  readonly chooseNode?: ((objects: readonly SourceObject[]) => string | undefined) | undefined;
  /** Whether a warning or a note is worth saying. */
  readonly isRelevant: (diagnostic: Diagnostic) => boolean;
}

/** @returns undefined where an object was refused, which has been said. */
export async function loadCompilation(
  options: NodeInputOptions,
  { lists, chooseNode, isRelevant }: LoadRequest,
  io: CommandIO,
): Promise<LoadedCompilation | undefined> {
  const { source, admission, proxyConfig } = await load(options, lists, io);
  const { compiled, state, view, diagnostics } = await compile({
    objects: source.objects,
    admission,
    live: isLive(options),
    skipInvalid: options.skipInvalid ?? false,
    proxyConfiguration: proxyConfig?.configuration,
    mode: options.mode,
    kubeVersion: options.kubeVersion,
    node: options.node ?? chooseNode?.(source.objects),
    nodeAddresses: options.nodeAddress,
    nfacct: options.nfacct ?? false,
    clusterCIDR: options.clusterCidr,
  });
  const sources = proxyConfig === undefined ? [source] : [proxyConfig.source, source];
  const found = [
    ...sources.flatMap((each) => each.diagnostics),
    ...withoutDeprecations(diagnostics, options).filter(
      (diagnostic) => diagnostic.severity === 'error' || isRelevant(diagnostic),
    ),
  ];
  const refused = reportDiagnostics(found, sources, options, io);
  if (compiled === undefined || state === undefined || view === undefined) return undefined;
  return refused && !options.skipInvalid ? undefined : { compiled, state, view, sources };
}

async function load(
  options: NodeInputOptions,
  lists: readonly ClusterList[],
  io: CommandIO,
): Promise<LoadedInput & Partial<LoadedNode>> {
  if (options.proxyConfig === undefined) {
    return isLive(options) ? loadClusterOfNode(lists, options, io) : loadInput(options, io);
  }
  const proxyConfig = await loadProxyConfiguration(options.proxyConfig, io);
  const input = isLive(options) ? await loadCluster(lists, options, io) : await loadInput(options, io);
  return { ...input, proxyConfig };
}
