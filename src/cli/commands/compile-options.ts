/** What `compile` once and `compile --watch` have in common: the flags, what is read from a cluster, what is printed. */
import type { Allocation } from '../../apiserver/cluster-state.ts';
import type { IPFamily } from '../../apiserver/objects.ts';
import type { Artifact, CompiledNode } from '../../backends/backend.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import type {
  ClusterOptions,
  CommonOptions,
  InputOptions,
  NodeOptions,
  SelectionOptions,
  WatchOptions,
} from '../options.ts';

export interface CompileOptions
  extends InputOptions,
    ClusterOptions,
    SelectionOptions,
    NodeOptions,
    WatchOptions,
    CommonOptions {
  readonly artifact?: string;
  readonly out?: string;
  readonly output?: 'json';
  /** Of mode userspace. */
  readonly proxyPortRange?: string;
  readonly portals: boolean;
  /** Of mode ipvs. */
  readonly ipvsSyncs?: string;
}

/** @throws OperationalError for a flag of one mode with another, or a count that is none. */
export function checkModeOptions({ mode, portals, proxyPortRange, ipvsSyncs }: CompileOptions): void {
  if (ipvsSyncs !== undefined && mode !== undefined && mode !== 'ipvs') {
    throw new OperationalError('--ipvs-syncs goes with --mode ipvs');
  }
  if (ipvsSyncs !== undefined && !/^[1-9][0-9]{0,8}$/.test(ipvsSyncs)) {
    throw new OperationalError(`--ipvs-syncs ${JSON.stringify(ipvsSyncs)} is not a count of syncs`);
  }
  if (!portals && mode !== 'userspace') throw new OperationalError('--no-portals needs --mode userspace');
  if (proxyPortRange !== undefined && mode !== undefined && mode !== 'userspace') {
    throw new OperationalError('--proxy-port-range goes with --mode userspace');
  }
}

/** What a node's kube-proxy watches. Not all slices of a Service have its labels. */
export function liveLists({ namespace, allNamespaces, selector }: CompileOptions): readonly ClusterList[] {
  const scope = allNamespaces ? {} : { namespace };
  return [
    { kind: 'Service', ...scope, labelSelector: selector },
    { kind: 'EndpointSlice', ...scope },
    { kind: 'Node' },
    { kind: 'ServiceCIDR' },
  ];
}

export function reportAllocations(allocations: readonly Allocation[], io: CommandIO): void {
  for (const { namespace, name, field, value } of allocations) {
    io.stderr.write(`note: Service ${namespace}/${name}: ${field} is not set; ${value} was chosen\n`);
  }
}

/** @throws OperationalError where the mode has no such artifact. */
export function chosenArtifact(
  { mode, artifacts, mainArtifact }: CompiledNode,
  primaryFamily: IPFamily,
  options: CompileOptions,
): Artifact {
  const name = options.artifact ?? mainArtifact[requestedFamily(options.family) ?? primaryFamily];
  const artifact = artifacts.find((candidate) => candidate.name === name);
  if (artifact !== undefined) return artifact;
  const known = artifacts.map((candidate) => candidate.name).join(', ');
  throw new OperationalError(`mode ${mode} has no artifact ${JSON.stringify(name)}; it has ${known}`);
}

export function requestedFamily(family: 'ipv4' | 'ipv6' | undefined): IPFamily | undefined {
  return family === undefined ? undefined : family === 'ipv4' ? 'IPv4' : 'IPv6';
}
