/** `trace` as a function. In: a compilation, perhaps a host's rules, and one packet. Out: all that can become of it, with shares. */
import type { Protocol } from '../apiserver/objects.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { Outcome } from '../trace/outcome.ts';
import type { Packet } from '../trace/packet.ts';
import { parseDestination, parseSource } from '../trace/packet-ends.ts';
import { familyOf, resolveDestination } from '../trace/resolve-destination.ts';
import { resolveSource } from '../trace/resolve-source.ts';
import { traceOnHost } from '../trace/trace-host.ts';
import type { Compilation } from './compile.ts';
import { compiledRules } from './compiled-rules.ts';
import { type HostTexts, hostRules } from './host-rules.ts';

export interface TraceRequest {
  /** `ns/pod`, an IP address, `external`, or `node`. */
  readonly from: string;
  /** `ns/service[:port]` or `IP:port`. */
  readonly to: string;
  /** Default: that of the Service's port, else TCP. */
  readonly protocol?: Protocol | undefined;
  /** The interface by which the packet comes in. */
  readonly inInterface?: string | undefined;
  /** The host's rules, followed in place of the compiled ones. */
  readonly host?: HostTexts;
}

export interface Traced {
  readonly packet: Packet;
  /** Sentences on how the ends were found. */
  readonly notes: readonly string[];
  /** The most likely first; their shares sum to exactly 1. */
  readonly outcomes: readonly Outcome[];
}

/** @throws OperationalError for ends that the cluster does not have, and for a Service that kube-proxy leaves alone. */
export function trace(cluster: Compilation, request: TraceRequest): Traced {
  const source = parseSource(request.from, 'default');
  const destination = resolveDestination(parseDestination(request.to, 'default'), cluster, {
    protocol: request.protocol,
    family: undefined,
    sourceFamily: source.kind === 'address' ? familyOf(source.address) : undefined,
  });
  if (destination.kind === 'unproxied') throw new OperationalError(`${request.to} ${destination.reason}`);
  const { family, address, port, protocol } = destination;
  const addresses = cluster.view.node.interfaceAddresses;
  const context = { cluster, family, destination: address, addresses, device: request.inInterface };
  const sender = resolveSource(source, context);
  const packet: Packet = {
    protocol: protocol.toLowerCase() as Packet['protocol'],
    source: sender.address,
    destination: address,
    destinationPort: port,
    arrival: sender.arrival,
  };
  const rules =
    request.host === undefined ? compiledRules(cluster.compiled, family) : hostRules(request.host, family);
  if (rules === undefined) throw new OperationalError(`of the host no rules of ${family} are known`);
  const host = { rules, addresses, addressesAreKnown: addresses.length > 0 };
  return {
    packet,
    notes: [...destination.notes, ...sender.notes],
    outcomes: traceOnHost(host, packet),
  };
}
