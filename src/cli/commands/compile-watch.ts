/** `compile --watch`: the rules of one node, kept current. */
import type { FollowedNode } from '../../backends/backend.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CurrentNode, NodeFollower } from '../../watch/node-follower.ts';
import { type CommandIO, writeAll } from '../io.ts';
import {
  admissionOf,
  isLive,
  loadProxyConfiguration,
  reportDiagnostics,
  withoutDeprecations,
} from '../load-input.ts';
import { forEachUpdate, watchInput } from '../watch-input.ts';
import { writeArtifacts } from '../write-artifacts.ts';
import {
  type CompileOptions,
  checkModeOptions,
  chosenArtifact,
  liveLists,
  reportAllocations,
  requestedFamily,
} from './compile-options.ts';

export async function compileWatchCommand(options: CompileOptions, io: CommandIO): Promise<number> {
  checkModeOptions(options);
  if (options.ipvsSyncs !== undefined) throw new OperationalError('--ipvs-syncs does not go with --watch');
  const named =
    options.proxyConfig === undefined ? undefined : await loadProxyConfiguration(options.proxyConfig, io);
  const watched = await watchInput(liveLists(options), options, io);
  const proxyConfig = named ?? watched.proxyConfig;
  const follower = new NodeFollower({
    admission: admissionOf(options),
    live: isLive(options),
    skipInvalid: options.skipInvalid ?? false,
    proxyConfiguration: proxyConfig?.configuration,
    mode: options.mode,
    kubeVersion: options.kubeVersion,
    node: { name: options.node, addresses: options.nodeAddress },
    nfacct: options.nfacct ?? false,
    clusterCIDR: options.clusterCidr,
    proxyPortRange: options.proxyPortRange,
    portals: options.portals,
  });
  return forEachUpdate(watched, options, io, async (update, number) => {
    // Objects of a cluster have no lines to point at.
    const read = isLive(options) ? [] : [update.source()];
    if (number === 1 && proxyConfig !== undefined) read.push(proxyConfig.source);
    const sources = proxyConfig === undefined ? read : [...read, proxyConfig.source];
    const found = read.flatMap(({ diagnostics }) => diagnostics);
    // Of a document that cannot be read nobody knows what is missing.
    if (reportDiagnostics(found, sources, options, io) && !options.skipInvalid) return 'refused';
    const result = await follower.update(update);
    reportDiagnostics(withoutDeprecations(result.diagnostics, options), sources, options, io);
    if (result.current === undefined) return 'refused';
    if (!result.changed) return 'unchanged';
    reportAllocations(result.current.state.allocations, io);
    await write(result.current, number, options, io);
    return 'updated';
  });
}

async function write(
  { node, view, state }: CurrentNode,
  number: number,
  options: CompileOptions,
  io: CommandIO,
): Promise<void> {
  if (options.out !== undefined) {
    const families = new Set([...node.changes()].map(({ family }) => family));
    return writeArtifacts(
      options.out,
      node.artifacts.filter(
        ({ family }) => family === undefined || families.has(family) || families.has(undefined),
      ),
    );
  }
  if (options.output === 'json') {
    return writeAll(io.stdout, updateRecord(node, number, view, state.services.length, options));
  }
  const artifact = chosenArtifact(node, view.node.primaryFamily, options);
  return writeAll(io.stdout, [`# Update ${number}\n`, ...artifact.text()], 'latin1');
}

/**
 * `{"update":1,"time":…,"mode":…,"release":…,"node":…,"services":…,"changes":[{"family","table","chain","before","after"},…]}`
 * on one line. The first has all chains; whoever applies those that follow has the rules as they are.
 */
function* updateRecord(
  node: FollowedNode,
  update: number,
  { release, node: { name } }: NodeView,
  services: number,
  options: CompileOptions,
): Generator<string> {
  const time = new Date().toISOString();
  const head = { update, time, mode: node.mode, release: release.name, node: name, services };
  yield `${JSON.stringify(head).slice(0, -1)},"changes":[`;
  const wanted = requestedFamily(options.family);
  let separator = '';
  for (const change of node.changes()) {
    if (wanted !== undefined && change.family !== undefined && change.family !== wanted) continue;
    yield separator + JSON.stringify(change);
    separator = ',';
  }
  yield ']}\n';
}
