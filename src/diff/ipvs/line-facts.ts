/**
 * What virtual servers, set entries and addresses say, in the words that all modes share. In: a line that differs. Out: its
 * facts.
 */
import type {
  BoundAddress,
  ListedIPSet,
  ListedRealServer,
  ListedServer,
  ListedService,
  ListedSetEntry,
} from '../../backends/ipvs/listed.ts';
import { formatSocket } from '../../trace/packet-ends.ts';
import { type LineFacts, NO_FACTS } from '../line-facts.ts';

export type IpvsLine = ListedServer | ListedRealServer | ListedIPSet | ListedSetEntry | BoundAddress;

export function ipvsLineText(line: IpvsLine): string {
  return line.kind === 'bound-address'
    ? `${line.address}/${line.prefixLength} dev ${line.device}`
    : line.text;
}

export function ipvsLineFacts(line: IpvsLine): LineFacts {
  switch (line.kind) {
    case 'virtual-server': {
      const { persistentSeconds: seconds } = line;
      return {
        ...catching(socketOf(line.service)),
        remembers: seconds > 0,
        seconds: seconds > 0 ? [seconds] : [],
        meaning: meaningOf(line),
      };
    }
    case 'real-server':
      return { ...catching(socketOf(line.service)), guards: true };
    case 'ipset':
      return NO_FACTS;
    case 'set-entry':
      return entryFacts(line);
    case 'bound-address':
      return {
        ...NO_FACTS,
        address: line.address,
        meaning: `the node takes what comes for ${line.address}, which no Service has, for its own`,
      };
    default:
      return line satisfies never;
  }
}

function catching(socket: string | undefined): LineFacts {
  return { ...NO_FACTS, socket, caught: socket === undefined ? [] : [socket] };
}

/** So many are named. */
const MOST_ENDS = 3;

function meaningOf({ service, realServers }: ListedServer): string | undefined {
  if (service.kind === 'mark') return undefined;
  const open = realServers.filter(({ weight }) => weight > 0);
  const ends = open.map(({ socket }) => formatSocket(socket));
  const goes =
    open.length === 0
      ? 'are refused'
      : `go to ${ends.slice(0, MOST_ENDS).join(', ')}${ends.length > MOST_ENDS ? ' and others' : ''}`;
  return `no Service is at ${formatSocket(service.socket)}, and connections to it ${goes}`;
}

function socketOf(service: ListedService): string | undefined {
  if (service.kind === 'mark') return undefined;
  return `${service.socket.address} ${service.protocol} ${service.socket.port}`;
}

function entryFacts({ set, parts }: ListedSetEntry): LineFacts {
  const [first, second, third] = parts;
  if (first?.kind === 'port') {
    const protocol = first.protocol ?? (set.includes('-UDP') ? 'udp' : 'tcp');
    const letsHealthChecksIn = set.endsWith('HEALTH-CHECK-NODE-PORT');
    return { ...catching(`* ${protocol} ${first.port}`), guards: true, letsHealthChecksIn };
  }
  if (first?.kind !== 'network') return NO_FACTS;
  if (second?.kind !== 'port') {
    const purpose = `connections to other ports of ${first.address} come to whatever listens there on the node instead of being refused`;
    return { ...NO_FACTS, address: first.address, purpose };
  }
  // Connections of an endpoint to itself.
  if (set.endsWith('LOOP-BACK'))
    return { ...NO_FACTS, endpoint: formatSocket({ address: first.address, port: second.port }) };
  const networks = third?.kind === 'network' ? [`${third.address}/${third.prefixLength}`] : [];
  return { ...catching(`${first.address} ${second.protocol} ${second.port}`), networks, guards: true };
}
