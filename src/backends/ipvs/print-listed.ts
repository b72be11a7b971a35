/**
 * Prints what `listed.ts` holds as `ipvsadm -Sn` and `ipset save` do. In: what the parsers made. Out: the texts; of what was read
 * from such a text, byte for byte the same.
 */
import type {
  Forwarding,
  ListedIPSet,
  ListedOption,
  ListedRealServer,
  ListedServer,
  ListedService,
  ListedSetEntry,
  ListedSocket,
} from './listed.ts';

export const FORWARDING_FLAGS: Readonly<Record<Forwarding, string>> = {
  masquerade: '-m',
  route: '-g',
  tunnel: '-i',
};

/** Each virtual server, followed by its real servers. */
export function printServers(servers: readonly ListedServer[]): string {
  return servers
    .flatMap((server) => [printServer(server), ...server.realServers.map(printRealServer)])
    .map((line) => `${line}\n`)
    .join('');
}

/** Each set, followed by its entries. */
export function printIPSets(sets: readonly ListedIPSet[]): string {
  return sets
    .flatMap((set) => [printIPSet(set), ...set.entries.map(printSetEntry)])
    .map((line) => `${line}\n`)
    .join('');
}

/** `-A -t 10.96.0.10:53 -s rr -p 10800`, without the line break. */
export function printServer(server: Omit<ListedServer, 'text'>): string {
  const { persistentSeconds, netmask, engine, flags, unknown } = server;
  let text = `-A ${printService(server.service)} -s ${server.scheduler}`;
  if (persistentSeconds > 0) text += ` -p ${persistentSeconds}`;
  if (netmask !== undefined) text += ` -M ${netmask}`;
  if (engine !== undefined) text += ` --pe ${engine}`;
  if (server.onePacket) text += ' -o';
  if (flags !== undefined) text += ` -b ${flags.join(',')}`;
  return unknown === undefined ? text : `${text} ${unknown}`;
}

/** `-a -t 10.96.0.10:53 -r 10.244.1.3:53 -m -w 1`, without the line break. */
export function printRealServer(server: Omit<ListedRealServer, 'text'>): string {
  const { service, socket, forwarding, weight, unknown } = server;
  const text = `-a ${printService(service)} -r ${printSocket(socket)} ${FORWARDING_FLAGS[forwarding]} -w ${weight}`;
  return unknown === undefined ? text : `${text} ${unknown}`;
}

const PROTOCOL_FLAGS = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

/** `-t 10.96.0.10:53`, `-f 7`, `-f 8 -6`. */
export function printService(service: ListedService): string {
  if (service.kind === 'mark') return `-f ${service.mark}${service.family === 'IPv6' ? ' -6' : ''}`;
  return `${PROTOCOL_FLAGS[service.protocol]} ${printSocket(service.socket)}`;
}

function printSocket({ address, spelling = address, port }: ListedSocket): string {
  return spelling.includes(':') ? `[${spelling}]:${port}` : `${spelling}:${port}`;
}

function printIPSet({ name, type, options, unknown }: ListedIPSet): string {
  return `create ${name} ${type}${printOptions(options, unknown)}`;
}

function printSetEntry({ set, parts, options, unknown }: ListedSetEntry): string {
  return `add ${set} ${parts.map(({ text }) => text).join(',')}${printOptions(options, unknown)}`;
}

/** ipset takes no comment with a quote in it, so there is nothing to escape. */
function printOptions(options: readonly ListedOption[], unknown: string | undefined): string {
  let text = '';
  for (const { name, value } of options) {
    text += ` ${name}`;
    if (value !== undefined) text += name === 'comment' ? ` "${value}"` : ` ${value}`;
  }
  return unknown === undefined ? text : `${text} ${unknown}`;
}
