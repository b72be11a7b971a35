/**
 * The typed library: the same functions that the command line uses, one way through the rooms.
 *
 * @example
 * const source = await readInput({ filenames: ['web.yaml'], recursive: false, stdin: [], kinds: DEFAULT_KINDS });
 * const { compiled } = await compile({ objects: source.objects, node: 'worker-1' });
 * for (const artifact of compiled?.artifacts ?? []) console.log(artifact.name, [...artifact.text()].join(''));
 */
import type { Allocation, ClusterState } from './apiserver/cluster-state.ts';
import type { CompiledNode } from './backends/backend.ts';
import { loadBackend } from './backends/registry.ts';
import { type ClusterRequest, prepareCluster } from './controllers/prepare-cluster.ts';
import type { ProxyMode } from './proxy/configuration.ts';
import { identifyNode } from './proxy/node-identity.ts';
import { releaseOfNode } from './proxy/node-release.ts';
import { buildNodeView, type NodeView } from './proxy/node-view.ts';
import { newestRelease, parseRelease, type Release } from './proxy/release.ts';
import { type ConfigurationRequest, selectConfiguration } from './proxy/select-configuration.ts';
import type { Diagnostic } from './shared/diagnostic.ts';

export type { Admission, AdmissionOptions, AdmittedObject } from './apiserver/admit.ts';
export { admit, DEFAULT_ADMISSION_OPTIONS } from './apiserver/admit.ts';
export type { Allocation, ClusterState } from './apiserver/cluster-state.ts';
export type * from './apiserver/objects.ts';
export type { Artifact, CompiledNode } from './backends/backend.ts';
export { type ClusterRequest, type PreparedCluster, prepareCluster } from './controllers/prepare-cluster.ts';
export { reconcileEndpointSlices } from './controllers/reconcile-endpoint-slices.ts';
export { serviceVariables } from './discovery/env/service-variables.ts';
export { type ClusterKind, type ClusterList, readCluster } from './input/read-cluster.ts';
export { DEFAULT_KINDS, readInput } from './input/read-input.ts';
export type { Source, SourceObject } from './input/source.ts';
export { readProxyConfiguration } from './proxy/configuration.ts';
export { buildNodeView } from './proxy/node-view.ts';
export { parseRelease, SUPPORTED_RELEASES } from './proxy/release.ts';
export type { Diagnostic, Origin, Severity } from './shared/diagnostic.ts';
export { OperationalError } from './shared/operational-error.ts';

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
