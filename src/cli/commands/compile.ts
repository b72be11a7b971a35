/** `compile`: manifests or a live cluster in, the rules of one node out. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { CompiledNode } from '../../backends/backend.ts';
import { type CompileResult, compile } from '../../index.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { plainText } from '../../report/plain-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';
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
} from '../load-input.ts';
import type {
  ClusterOptions,
  CommonOptions,
  InputOptions,
  NodeOptions,
  SelectionOptions,
} from '../options.ts';
import { writeArtifacts } from '../write-artifacts.ts';

interface CompileOptions extends InputOptions, ClusterOptions, SelectionOptions, NodeOptions, CommonOptions {
  readonly artifact?: string;
  readonly out?: string;
  readonly output?: 'json';
}

export async function compileCommand(options: CompileOptions, io: CommandIO): Promise<number> {
  const { source, admission, proxyConfig } = await load(options, io);
  const result = await compile({
    objects: source.objects,
    admission,
    live: isLive(options),
    skipInvalid: options.skipInvalid ?? false,
    proxyConfiguration: proxyConfig?.configuration,
    mode: options.mode,
    kubeVersion: options.kubeVersion,
    node: options.node,
    nodeAddresses: options.nodeAddress,
    nfacct: options.nfacct ?? false,
    clusterCIDR: options.clusterCidr,
  });
  const sources = proxyConfig === undefined ? [source] : [proxyConfig.source, source];
  const diagnostics = [
    ...sources.flatMap((each) => each.diagnostics),
    ...withoutDeprecations(result.diagnostics, options),
  ];
  const refused = reportDiagnostics(diagnostics, sources, options, io);
  const { compiled } = result;
  if (compiled === undefined || (refused && !options.skipInvalid)) return 2;
  reportAllocations(result, io);
  if (options.verbose) {
    io.stderr.write(
      `mode ${compiled.mode} of kube-proxy ${result.release.name}, node ${plainText(result.nodeName) || '(none)'}\n`,
    );
  }
  await write(result, compiled, options, io);
  return 0;
}

async function load(options: CompileOptions, io: CommandIO): Promise<LoadedInput & Partial<LoadedNode>> {
  const lists = liveLists(options);
  if (options.proxyConfig !== undefined) {
    const proxyConfig = await loadProxyConfiguration(options.proxyConfig, io);
    const input = isLive(options) ? await loadCluster(lists, options, io) : await loadInput(options, io);
    return { ...input, proxyConfig };
  }
  return isLive(options) ? loadClusterOfNode(lists, options, io) : loadInput(options, io);
}

/** What a node's kube-proxy watches. Not all slices of a Service have its labels. */
function liveLists({ namespace, allNamespaces, selector }: CompileOptions): readonly ClusterList[] {
  const scope = allNamespaces ? {} : { namespace };
  return [
    { kind: 'Service', ...scope, labelSelector: selector },
    { kind: 'EndpointSlice', ...scope },
    { kind: 'Node' },
    { kind: 'ServiceCIDR' },
  ];
}

function reportAllocations({ allocations }: CompileResult, io: CommandIO): void {
  for (const { namespace, name, field, value } of allocations) {
    io.stderr.write(`note: Service ${namespace}/${name}: ${field} is not set; ${value} was chosen\n`);
  }
}

async function write(
  result: CompileResult,
  compiled: CompiledNode,
  options: CompileOptions,
  io: CommandIO,
): Promise<void> {
  if (options.out !== undefined) return writeArtifacts(options.out, compiled.artifacts);
  if (options.output === 'json') return writeAll(io.stdout, jsonDocument(result, compiled, options.family));
  const name =
    options.artifact ?? compiled.mainArtifact[requestedFamily(options.family) ?? result.primaryFamily];
  const artifact = compiled.artifacts.find((candidate) => candidate.name === name);
  if (artifact === undefined) {
    const known = compiled.artifacts.map((candidate) => candidate.name).join(', ');
    throw new OperationalError(
      `mode ${compiled.mode} has no artifact ${JSON.stringify(name)}; it has ${known}`,
    );
  }
  // Artifacts are ASCII, for which this encoding is the fastest.
  return writeAll(io.stdout, artifact.text(), 'latin1');
}

function requestedFamily(family: 'ipv4' | 'ipv6' | undefined): IPFamily | undefined {
  return family === undefined ? undefined : family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function* jsonDocument(
  { release, nodeName, allocations }: CompileResult,
  compiled: CompiledNode,
  family: 'ipv4' | 'ipv6' | undefined,
): Generator<string> {
  const head = { mode: compiled.mode, release: release.name, node: nodeName, allocations };
  yield `${JSON.stringify(head).slice(0, -1)},"families":{`;
  const requested = requestedFamily(family);
  const families: readonly IPFamily[] = requested === undefined ? ['IPv4', 'IPv6'] : [requested];
  for (const [i, name] of families.entries()) {
    yield `${i === 0 ? '' : ','}"${name}":`;
    yield* compiled.json(name);
  }
  yield '}}\n';
}
