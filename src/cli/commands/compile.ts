/** `compile`: manifests or a live cluster in, the rules of one node out. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { CompiledNode } from '../../backends/backend.ts';
import { type CompileResult, compile } from '../../library/compile.ts';
import { plainText } from '../../report/plain-text.ts';
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
import { writeArtifacts } from '../write-artifacts.ts';
import {
  type CompileOptions,
  checkModeOptions,
  chosenArtifact,
  liveLists,
  reportAllocations,
  requestedFamily,
} from './compile-options.ts';

export async function compileCommand(options: CompileOptions, io: CommandIO): Promise<number> {
  checkModeOptions(options);
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
    proxyPortRange: options.proxyPortRange,
    portals: options.portals,
    ipvsSyncs: options.ipvsSyncs === undefined ? 1 : Number(options.ipvsSyncs),
  });
  const sources = proxyConfig === undefined ? [source] : [proxyConfig.source, source];
  const diagnostics = [
    ...sources.flatMap((each) => each.diagnostics),
    ...withoutDeprecations(result.diagnostics, options),
  ];
  const refused = reportDiagnostics(diagnostics, sources, options, io);
  const { compiled } = result;
  if (compiled === undefined || (refused && !options.skipInvalid)) return 2;
  reportAllocations(result.allocations, io);
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

async function write(
  result: CompileResult,
  compiled: CompiledNode,
  options: CompileOptions,
  io: CommandIO,
): Promise<void> {
  if (options.out !== undefined) return writeArtifacts(options.out, compiled.artifacts);
  if (options.output === 'json') return writeAll(io.stdout, jsonDocument(result, compiled, options.family));
  const artifact = chosenArtifact(compiled, result.primaryFamily, options);
  // Artifacts are ASCII, for which this encoding is the fastest.
  return writeAll(io.stdout, artifact.text(), 'latin1');
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
