/**
 * The compiler as one function. In: objects and what is wanted of them. Out: what kube-proxy programs on one node, and what
 * is to be said of the input.
 */
import type { Allocation, ClusterState } from '../apiserver/cluster-state.ts';
import type { CompiledNode } from '../backends/backend.ts';
import { loadBackend } from '../backends/registry.ts';
import { type ClusterRequest, prepareCluster } from '../controllers/prepare-cluster.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import { identifyNode } from '../proxy/node-identity.ts';
import { releaseOfNode } from '../proxy/node-release.ts';
import { buildNodeView, type NodeView } from '../proxy/node-view.ts';
import { newestRelease, parseRelease, type Release } from '../proxy/release.ts';
import { type ConfigurationRequest, selectConfiguration } from '../proxy/select-configuration.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';

export interface CompileRequest extends ClusterRequest, ConfigurationRequest {
  /** Goes before the configuration's mode. */
  readonly mode?: ProxyMode | undefined;
  /** A release of kube-proxy such as `1.33`. If absent, that of a live node's kubelet, else the newest supported. */
  readonly kubeVersion?: string | undefined;
  readonly node?: string | undefined;
  /** Addresses on the host's interfaces; the Node's InternalIPs if empty. */
  readonly nodeAddresses?: readonly string[];
  readonly nfacct?: boolean;
  /** How often mode ipvs has synced; default: 1. */
  readonly ipvsSyncs?: number;
}

export interface CompileResult {
  /** Undefined where there are errors and `skipInvalid` does not cover them. */
  readonly compiled: CompiledNode | undefined;
  /** What it was compiled from; undefined where it could not be. */
  readonly state: ClusterState | undefined;
  readonly view: NodeView | undefined;
  readonly release: Release;
  readonly nodeName: string;
  readonly primaryFamily: 'IPv4' | 'IPv6';
  readonly allocations: readonly Allocation[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles what kube-proxy programs on one node.
 * @throws OperationalError for an unsupported release or mode, or a node that the input lacks.
 */
export async function compile(request: CompileRequest): Promise<CompileResult> {
  const named = request.kubeVersion === undefined ? undefined : parseRelease(request.kubeVersion);
  const read = selectConfiguration(request);
  const { state, diagnostics } = prepareCluster(request);
  const failed: CompileResult = {
    compiled: undefined,
    state,
    view: undefined,
    release: named ?? newestRelease(),
    nodeName: '',
    primaryFamily: 'IPv4',
    allocations: [],
    diagnostics: [...read.diagnostics, ...diagnostics],
  };
  if (state === undefined || read.configuration === undefined) return failed;
  const backend = await loadBackend(request.mode ?? read.configuration.mode ?? 'iptables');
  const node = { name: request.node, addresses: request.nodeAddresses ?? [] };
  const assumed =
    named === undefined && request.live
      ? releaseOfNode(identifyNode(state, read.configuration, node).node)
      : { release: failed.release, diagnostics: [] };
  const { release } = assumed;
  const view = buildNodeView(state, {
    release,
    configuration: read.configuration,
    node,
    nfacct: request.nfacct ?? false,
    ipvsSyncs: request.ipvsSyncs,
  });
  const compiled = backend.compile(view);
  return {
    compiled,
    state,
    view,
    release,
    nodeName: view.node.name,
    primaryFamily: view.node.primaryFamily,
    allocations: state.allocations,
    diagnostics: [...failed.diagnostics, ...assumed.diagnostics, ...(compiled.notes ?? [])],
  };
}

/** What was compiled for one node, and from what. */
export interface Compilation {
  readonly state: ClusterState;
  readonly view: NodeView;
  readonly compiled: CompiledNode;
}

/**
 * The compilation of a result.
 * @throws OperationalError with the first error of the input where there is none.
 */
export function compilationOf({ state, view, compiled, diagnostics }: CompileResult): Compilation {
  if (state !== undefined && view !== undefined && compiled !== undefined) return { state, view, compiled };
  const error = diagnostics.find(({ severity }) => severity === 'error');
  throw new OperationalError(error?.message ?? 'nothing was compiled');
}
