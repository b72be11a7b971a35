/** `trace`: a node's rules, compiled or of a host or both, and one packet in; what becomes of it out. */

import type { IPFamily } from '../../apiserver/objects.ts';
import type { HostState } from '../../host/host-state.ts';
import { currentNamespace } from '../../input/current-namespace.ts';
import { compiledRules } from '../../library/compiled-rules.ts';
import { plainJson } from '../../report/plain-data.ts';
import { plainText } from '../../report/plain-text.ts';
import { style } from '../../report/style.ts';
import { traceJson } from '../../report/trace-json.ts';
import { traceText } from '../../report/trace-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { hopReader } from '../../trace/hops.ts';
import type { NodeRules } from '../../trace/node-rules.ts';
import type { Outcome } from '../../trace/outcome.ts';
import type { Packet } from '../../trace/packet.ts';
import {
  type PacketDestination,
  type PacketSource,
  parseDestination,
  parseSource,
} from '../../trace/packet-ends.ts';
import { findParting } from '../../trace/parting.ts';
import { familyOf, type ResolvedDestination, resolveDestination } from '../../trace/resolve-destination.ts';
import { type ResolvedSource, resolveSource } from '../../trace/resolve-source.ts';
import { affinityOf, traceOnHost } from '../../trace/trace-host.ts';
import type { TracedPacket, TracedSide } from '../../trace/traced-packet.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { loadHost } from '../load-host.ts';
import { isLive, kubectlOf } from '../load-input.ts';
import { type LoadedCompilation, loadCompilation } from '../load-node.ts';
import { linesOf } from '../manifest-lines-of.ts';
import { hostRules, modeOfHost } from '../node-rules.ts';
import {
  checkTraceOptions,
  liveLists,
  needsCluster,
  nodeOfPod,
  protocolOf,
  type TraceOptions,
} from './trace-options.ts';

/** @returns 1 where manifests and host are both given and treat the packet differently. */
export async function traceCommand(options: TraceOptions, io: CommandIO): Promise<number> {
  checkTraceOptions(options);
  const ends = await parseEnds(options, io);
  const isObjectNamed = ends.source.kind === 'pod' || ends.destination.kind === 'service';
  let cluster: LoadedCompilation | undefined;
  if (needsCluster(options, isObjectNamed)) {
    const request = {
      lists: liveLists(ends.source),
      chooseNode: nodeOfPod(ends.source),
      isRelevant: () => false,
    };
    cluster = await loadCompilation(options, request, io);
    if (cluster === undefined) return 2;
  }
  const mode = cluster?.compiled.mode ?? options.mode ?? 'iptables';
  const host = await loadHost(options, options.node ?? cluster?.view.node.name ?? '', mode, io);
  const destination = resolveDestination(ends.destination, cluster, {
    protocol: protocolOf(options),
    family: options.family && (options.family === 'ipv4' ? 'IPv4' : 'IPv6'),
    sourceFamily: ends.source.kind === 'address' ? familyOf(ends.source.address) : undefined,
  });
  const lines = cluster && linesOf(cluster);
  if (destination.kind === 'unproxied') return answerUnproxied(destination, options, io);
  const traced = tracePacket(ends.source, destination, { options, cluster, host, io });
  for (const note of traced.notes) io.stderr.write(`note: ${plainText(note)}\n`);
  if (options.output === 'json') {
    await writeAll(io.stdout, [plainJson(traceJson(traced, lines))]);
  } else {
    const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
    const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
    const rules = options.rules === true || options.verbose === true;
    await writeAll(io.stdout, traceText(traced, lines, { chalk, rules }));
  }
  return traced.parting === undefined ? 0 : 1;
}

interface Ends {
  readonly source: PacketSource;
  readonly destination: PacketDestination;
}

/** kubectl is asked for a namespace only where a name needs one. */
async function parseEnds(options: TraceOptions, io: CommandIO): Promise<Ends> {
  const parse = (namespace: string): Ends => ({
    source: parseSource(options.from, namespace),
    destination: parseDestination(options.to, namespace),
  });
  if (options.namespace !== undefined) return parse(options.namespace);
  const [one, other] = [parse('default'), parse('other')];
  const isOpen = JSON.stringify(one) !== JSON.stringify(other) && isLive(options);
  return isOpen ? parse(await currentNamespace(kubectlOf(options, io))) : one;
}

async function answerUnproxied(
  { service, reason }: Extract<ResolvedDestination, { kind: 'unproxied' }>,
  { output }: TraceOptions,
  io: CommandIO,
): Promise<number> {
  const { namespace, name } = service.metadata;
  const text =
    output === 'json'
      ? JSON.stringify(
          { service: { namespace, name }, sides: [], notes: [`${namespace}/${name} ${reason}`] },
          null,
          2,
        )
      : plainText(`${namespace}/${name} ${reason}`);
  await writeAll(io.stdout, [`${text}\n`]);
  return 0;
}

interface TraceContext {
  readonly options: TraceOptions;
  readonly cluster: LoadedCompilation | undefined;
  readonly host: HostState | undefined;
  readonly io: CommandIO;
}

type SocketDestination = Extract<ResolvedDestination, { kind: 'socket' }>;

function tracePacket(
  from: PacketSource,
  destination: SocketDestination,
  context: TraceContext,
): TracedPacket {
  const { options, cluster, host } = context;
  const { family, address, port, protocol, service } = destination;
  const addresses = knownAddresses(context);
  const source = resolveSource(from, {
    cluster,
    family,
    destination: address,
    addresses,
    device: options.inInterface,
  });
  const packet: TracedPacket['packet'] = {
    protocol: protocol.toLowerCase() as Packet['protocol'],
    source: source.address,
    destination: address,
    destinationPort: port,
    arrival: source.arrival,
  };
  const { sides, notes } = traceSides(packet, family, addresses, context);
  const [first, second] = sides;
  return {
    node: cluster?.view.node.name ?? options.node ?? host?.node ?? '',
    release: cluster?.view.release.name,
    family,
    protocol,
    packet,
    who: source.who,
    service,
    notes: [...destination.notes, ...source.notes, ...rangeNotes(source, destination), ...notes],
    sides,
    hop: hopReader(cluster?.view.families[family]),
    parting: first && second && findParting(first.outcomes, second.outcomes),
  };
}

/** Both sides are asked about one host. */
function knownAddresses({ options, cluster, host }: TraceContext): readonly string[] {
  const named = options.nodeAddress;
  const all = [...(cluster?.view.node.interfaceAddresses ?? named), ...(host?.localAddresses ?? [])];
  return [...new Set(all)];
}

function traceSides(
  packet: Packet,
  family: IPFamily,
  addresses: readonly string[],
  { options, cluster, host, io }: TraceContext,
): { readonly sides: readonly TracedSide[]; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const follow = (rules: NodeRules, addressesAreKnown: boolean): readonly Outcome[] => {
    const once = { rules, addresses, addressesAreKnown };
    const outcomes = traceOnHost(once, packet);
    if (options.seen === undefined) return outcomes;
    const entry = affinityOf(outcomes, options.seen);
    if (entry === undefined) {
      notes.push('no affinity is kept for such a client, so --seen changes nothing');
      return outcomes;
    }
    notes.push(`the client was sent the way of ${entry.list} ${entry.secondsAgo} seconds ago`);
    return traceOnHost(once, { ...packet, recent: [entry] });
  };
  const sides: TracedSide[] = [];
  const areNamed = addresses.length > 0;
  if (cluster !== undefined) {
    const name = isLive(options) ? 'the cluster' : 'the manifests';
    sides.push({
      kind: 'intended',
      name,
      outcomes: follow(compiledRules(cluster.compiled, family), areNamed),
    });
  }
  if (host !== undefined) {
    const mode = cluster?.compiled.mode ?? options.mode ?? modeOfHost(host);
    const intended = () => cluster && compiledRules(cluster.compiled, family);
    const { rules, origin } = hostRules(host, family, mode, intended, io);
    const name = options.dump.length > 0 ? `the dump ${origin}` : `the host (${origin})`;
    sides.push({ kind: 'actual', name, outcomes: follow(rules, areNamed) });
  }
  if (sides.length === 0) throw new OperationalError('there are no rules to follow');
  return { sides, notes: [...new Set(notes)] };
}

/** Whether a load balancer's source ranges let the client in is what people ask next. */
function rangeNotes({ address }: ResolvedSource, { service }: SocketDestination): readonly string[] {
  const ranges = service?.view.servicePort.loadBalancerSourceRanges ?? [];
  if (ranges.length === 0 || service?.way !== 'load balancer IP') return [];
  return [`only ${ranges.join(', ')} may come in by the load balancer's address; the client is ${address}`];
}
