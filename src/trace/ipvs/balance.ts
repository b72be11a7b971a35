/**
 * What IPVS does with a packet. In: the virtual servers of a host, the packet and its state. Out: all that can come of it, with
 * shares. Mirrors `ip_vs_in` of Linux with kube-proxy's settings: `net.ipv4.vs.conntrack` and `expire_quiescent_template`
 * are 1, all others as they come.
 */
import type {
  ListedRealServer,
  ListedServer,
  ListedServers,
  ListedSocket,
} from '../../backends/ipvs/listed.ts';
import { persistenceEntry, serviceKey } from '../../backends/ipvs/service-key.ts';
import { formatIP, type IPBytes, parseIP } from '../../shared/ip.ts';
import { type Fraction, ONE } from '../fraction.ts';
import type { Packet } from '../packet.ts';
import { changeState, type State } from '../state.ts';
import { type ServerShare, schedule } from './schedule.ts';

export interface Balancer {
  /** The virtual server that the packet is for. */
  readonly find: (packet: Packet, state: State) => ListedServer | undefined;
  /** Why virtual servers or real servers may be missing. */
  readonly doubt: string | undefined;
}

export type Balancing = { readonly share: Fraction } & (
  | { readonly kind: 'passes' }
  | { readonly kind: 'rejected'; readonly server: ListedServer }
  | {
      readonly kind: 'sent';
      readonly server: ListedServer;
      readonly realServer: ListedRealServer;
      readonly state: State;
      readonly to: IPBytes;
    }
  | { readonly kind: 'cannot-tell'; readonly server: ListedServer | undefined; readonly reason: string }
);

const PASSES: readonly Balancing[] = [{ kind: 'passes', share: ONE }];
const FTP = 21;
const FTP_DATA = 20;

export function prepareBalancer({ servers, problems }: ListedServers): Balancer {
  const byKey = new Map(servers.map((server) => [serviceKey(server.service), server]));
  const hasMarks = servers.some(({ service }) => service.kind === 'mark');
  const [first] = problems;
  return {
    doubt:
      first === undefined
        ? undefined
        : `line ${first.line} of the virtual servers cannot be read: ${first.problem}`,
    find: ({ protocol }, { destination, destinationPort, mark }) => {
      const family = destination.length === 4 ? 'IPv4' : 'IPv6';
      const marked =
        hasMarks && mark !== 0 ? byKey.get(serviceKey({ kind: 'mark', mark, family })) : undefined;
      if (marked !== undefined || protocol === 'other' || destinationPort === undefined) return marked;
      const address = formatIP(destination);
      const at = (port: number) =>
        byKey.get(serviceKey({ kind: 'socket', protocol, socket: { address, port } }));
      const isData = destinationPort === FTP_DATA || destinationPort >= 1024;
      return at(destinationPort) ?? (protocol === 'tcp' && isData ? at(FTP) : undefined) ?? at(0);
    },
  };
}

/** All that IPVS may do with a packet that comes to it. */
export function balance(balancer: Balancer, packet: Packet, state: State): readonly Balancing[] {
  // It meets each packet once.
  if (state.virtual !== undefined || packet.protocol === 'other' || state.sourcePort === FTP_DATA)
    return PASSES;
  if (balancer.doubt !== undefined) {
    return [{ kind: 'cannot-tell', share: ONE, server: undefined, reason: balancer.doubt }];
  }
  const server = balancer.find(packet, state);
  if (server === undefined) return PASSES;
  if ((packet.connection ?? 'NEW') !== 'NEW') return continueConnection(server, packet, state);
  if (!serves(server, state)) return refuse(server, state);
  if (server.unknown !== undefined && server.unknown.trim() !== '') {
    return [
      { kind: 'cannot-tell', share: ONE, server, reason: `what ${server.unknown} does is not understood` },
    ];
  }
  const kept = keptServer(server, state);
  const scheduled =
    kept === undefined
      ? schedule(server)
      : { kind: 'shares' as const, shares: [{ share: ONE, realServer: kept }] };
  if (scheduled.kind === 'unknown') {
    return [{ kind: 'cannot-tell', share: ONE, server, reason: scheduled.reason }];
  }
  return scheduled.shares.map((each) => send(server, each, state));
}

/** Without persistence, a virtual server serves no port but its own. */
function serves({ service, persistentSeconds }: ListedServer, { destinationPort }: State): boolean {
  return service.kind === 'mark' || persistentSeconds > 0 || service.socket.port === destinationPort;
}

/** Nobody serves what came to the FTP server only because it might be FTP's data. */
function refuse(server: ListedServer, { destinationPort }: State): readonly Balancing[] {
  const { service } = server;
  if (service.kind === 'socket' && service.socket.port === FTP && destinationPort !== FTP) return PASSES;
  return [{ kind: 'rejected', share: ONE, server }];
}

/** The real server that the client had before; one that takes no new connections is forgotten. */
function keptServer(server: ListedServer, { recent }: State): ListedRealServer | undefined {
  const { persistentSeconds, service, realServers } = server;
  if (persistentSeconds === 0 || recent.size === 0) return undefined;
  return realServers.find((realServer) => {
    const age = recent.get(persistenceEntry(service, realServer.socket));
    return realServer.weight > 0 && age !== undefined && age <= persistentSeconds;
  });
}

function send(server: ListedServer, { share, realServer }: ServerShare, state: State): Balancing {
  if (realServer === undefined) return { kind: 'rejected', share, server };
  if (realServer.forwarding === 'tunnel') {
    return {
      kind: 'cannot-tell',
      share,
      server,
      reason: 'what becomes of packets in a tunnel is not followed',
    };
  }
  const to = parseIP(realServer.socket.address) as IPBytes;
  const port = realPort(server, realServer.socket, state);
  return { kind: 'sent', share, server, realServer, to, state: sentState(realServer, { to, port }, state) };
}

/** Persistent servers of all ports keep the port; so does a real server of port 0. */
function realPort(
  { service, persistentSeconds }: ListedServer,
  { port }: ListedSocket,
  { destinationPort }: State,
): number | undefined {
  const ofServer = service.kind === 'mark' ? 0 : service.socket.port;
  const keeps = port === 0 || (persistentSeconds > 0 && ofServer !== destinationPort);
  return keeps ? destinationPort : port;
}

function sentState(
  { forwarding }: Pick<ListedRealServer, 'forwarding'>,
  { to, port }: { readonly to: IPBytes; readonly port: number | undefined },
  state: State,
): State {
  const virtual = { destination: state.destination, port: state.destinationPort };
  // By route, the packet reaches the real server as it is.
  if (forwarding !== 'masquerade') return changeState(state, { virtual, gateway: to });
  return changeState(state, { virtual, destination: to, destinationPort: port });
}

/** A later packet goes where the first one went. */
function continueConnection(server: ListedServer, packet: Packet, state: State): readonly Balancing[] {
  const { connection, translation } = packet;
  const socket = translation?.destination;
  if (connection !== 'ESTABLISHED' || socket === undefined) return PASSES;
  const to = parseIP(socket.address);
  const realServer = server.realServers.find(
    ({ socket: { address, port } }) => address === (to && formatIP(to)) && port === socket.port,
  );
  if (to === undefined || realServer === undefined) {
    const reason = `${socket.address} is no real server: what becomes of its connections is unknown`;
    return [{ kind: 'cannot-tell', share: ONE, server, reason }];
  }
  const sent = sentState(realServer, { to, port: socket.port }, state);
  return [{ kind: 'sent', share: ONE, server, realServer, to, state: sent }];
}
