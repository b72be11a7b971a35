/**
 * Reads what `ipvsadm -Sn` and `ipvsadm -Ln` print. In: text of any origin. Out: virtual servers with their real servers, and
 * the lines that could not be read or that the kernel would refuse, such as a server that is there already.
 *
 * Mirrors ipvsadm 1.26 to 1.31. `-Ln` has no thresholds and no options of tunnels. Linear in the text; never throws.
 */
import type {
  Forwarding,
  ListedProblem,
  ListedRealServer,
  ListedServer,
  ListedServers,
  ListedService,
} from './listed.ts';
import { linesOf, readListedSocket, readNumber, type TextLine } from './listed-lines.ts';
import { FORWARDING_FLAGS, printRealServer, printServer } from './print-listed.ts';
import { serviceKey } from './service-key.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface OpenServer extends Omit<ListedServer, 'realServers'> {
  readonly realServers: ListedRealServer[];
  readonly taken: Set<string>;
}

/** `ipvsadm -Sn`: `-A -t 10.96.0.10:53 -s rr`, `-a -t 10.96.0.10:53 -r 10.244.1.3:53 -m -w 1`. */
export function parseSavedServers(text: string): ListedServers {
  const collector = new ServerCollector();
  for (const line of linesOf(text)) {
    const read = line.cutOff ? CUT_OFF : readSavedLine(line);
    if (typeof read === 'string') collector.fail(line, read);
    else if (read.kind === 'virtual-server') collector.open(read, line);
    else collector.addTo(collector.find(read.service), read, line);
  }
  return collector.finish();
}

/** `ipvsadm -Ln`, whose real servers stand below their virtual server. */
export function parseListedServers(text: string): ListedServers {
  const collector = new ServerCollector();
  let current: OpenServer | undefined;
  for (const line of linesOf(text)) {
    if (/^(?:IP Virtual Server |Prot | {2}-> RemoteAddress:Port)/.test(line.text)) continue;
    const read = line.cutOff ? CUT_OFF : readListedLine(line, current?.service);
    if (typeof read === 'string') {
      collector.fail(line, read);
      // What stands below a line that could not be read belongs to nobody.
      if (!line.text.startsWith(' ')) current = undefined;
    } else if (read.kind === 'virtual-server') current = collector.open(read, line);
    else collector.addTo(current, read, line);
  }
  return collector.finish();
}

const CUT_OFF = 'the last line has no end: the list is cut off here';

class ServerCollector {
  private readonly servers = new Map<string, OpenServer>();
  private readonly problems: ListedProblem[] = [];

  open(server: Omit<ListedServer, 'realServers'>, line: TextLine): OpenServer | undefined {
    const key = serviceKey(server.service);
    if (this.servers.has(key)) {
      this.fail(line, 'this virtual server occurs twice: the kernel has but one');
      return undefined;
    }
    const opened: OpenServer = { ...server, realServers: [], taken: new Set() };
    this.servers.set(key, opened);
    return opened;
  }

  find(service: ListedService): OpenServer | undefined {
    return this.servers.get(serviceKey(service));
  }

  addTo(server: OpenServer | undefined, real: ListedRealServer, line: TextLine): void {
    const key = `${real.socket.address} ${real.socket.port}`;
    if (server === undefined) this.fail(line, 'a real server without its virtual server');
    else if (server.taken.has(key)) this.fail(line, 'this real server occurs twice: the kernel has but one');
    else {
      server.taken.add(key);
      server.realServers.push(real);
    }
  }

  fail({ line, text }: TextLine, problem: string): void {
    this.problems.push({ line, text, problem });
  }

  finish(): ListedServers {
    const servers = [...this.servers.values()].map(({ taken: _, ...server }): ListedServer => server);
    return { servers, problems: this.problems };
  }
}

const PROTOCOLS: ReadonlyMap<string, 'tcp' | 'udp' | 'sctp'> = new Map([
  ['-t', 'tcp'],
  ['-u', 'udp'],
  ['--tcp-service', 'tcp'],
  ['--udp-service', 'udp'],
  ['--sctp-service', 'sctp'],
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['SCTP', 'sctp'],
]);

function readSavedLine({
  line,
  text,
}: TextLine): Omit<ListedServer, 'realServers'> | ListedRealServer | string {
  const words = text.split(' ');
  const command = words[0];
  if (command !== '-A' && command !== '-a') return 'not a line of ipvsadm -Sn';
  const isMark = words[1] === '-f' || words[1] === '--fwmark-service';
  const isIPv6 = isMark && words[3] === '-6';
  const service = isMark
    ? readMark(words[2], isIPv6)
    : readService(PROTOCOLS.get(words[1] as string), words[2]);
  if (typeof service === 'string') return service;
  const options = words.slice(isIPv6 ? 4 : 3);
  return command === '-A' ? readServer(line, service, options) : readRealServer(line, service, options);
}

function readMark(word: string | undefined, isIPv6: boolean): ListedService | string {
  const mark = readNumber(word);
  if (mark === undefined || mark === 0) return 'not a mark of a firewall';
  return { kind: 'mark', mark, family: isIPv6 ? 'IPv6' : 'IPv4' };
}

function readService(protocol: 'tcp' | 'udp' | 'sctp' | undefined, word = ''): ListedService | string {
  if (protocol === undefined) return 'the protocol is not understood';
  const socket = readListedSocket(word);
  return socket === undefined ? NAMES : { kind: 'socket', protocol, socket };
}

const NAMES = 'neither an address with a port nor a mark: names are left out by ipvsadm -Sn and -Ln';

/** `-s rr -p 10800 -M 255.255.255.0 --pe sip -o -b mh-port`, in that order. */
function readServer(
  line: number,
  service: ListedService,
  words: readonly string[],
): Omit<ListedServer, 'realServers'> | string {
  const [flag, scheduler] = words;
  if (flag !== '-s' || scheduler === undefined || !isSchedulerName(scheduler)) return 'no scheduler';
  const server: Mutable<Omit<ListedServer, 'realServers' | 'text'>> = {
    kind: 'virtual-server',
    line,
    service,
    scheduler,
    persistentSeconds: 0,
    onePacket: false,
  };
  let at = 2;
  const take = (name: string): string | undefined => {
    if (words[at] !== name || words[at + 1] === undefined) return undefined;
    at += 2;
    return words[at - 1];
  };
  const persistent = words[at] === '-p' ? readNumber(words[at + 1]) : undefined;
  if (persistent !== undefined && persistent > 0) {
    server.persistentSeconds = persistent;
    at += 2;
    setIfGiven(server, 'netmask', take('-M'));
  }
  setIfGiven(server, 'engine', take('--pe'));
  if (words[at] === '-o') {
    server.onePacket = true;
    at++;
  }
  const flags = take('-b');
  if (flags !== undefined) server.flags = flags.split(',');
  if (at < words.length) server.unknown = words.slice(at).join(' ');
  return { ...server, text: printServer({ ...server, realServers: [] }) };
}

function setIfGiven<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

const FORWARDINGS: ReadonlyMap<string, Forwarding> = new Map([
  ...Object.entries(FORWARDING_FLAGS).map(([name, flag]) => [flag, name as Forwarding] as const),
  ['Masq', 'masquerade'],
  ['Route', 'route'],
  ['Tunnel', 'tunnel'],
]);

/** `-r 10.244.1.3:53 -m -w 1` */
function readRealServer(
  line: number,
  service: ListedService,
  [flag, place = '', way = '', weightFlag, weight, ...rest]: readonly string[],
): ListedRealServer | string {
  if (flag !== '-r' || weightFlag !== '-w') return 'not a real server in the form of ipvsadm -Sn';
  return makeRealServer(line, service, place, FORWARDINGS.get(way), weight, rest);
}

function makeRealServer(
  line: number,
  service: ListedService,
  place: string,
  forwarding: Forwarding | undefined,
  weightText: string | undefined,
  rest: readonly string[],
): ListedRealServer | string {
  const socket = readListedSocket(place);
  if (socket === undefined) return NAMES;
  if (forwarding === undefined) return 'how packets reach the real server is not understood';
  const weight = readNumber(weightText, 0x7fff_ffff);
  if (weight === undefined) return 'the weight is no number';
  const unknown = rest.length === 0 ? {} : { unknown: rest.join(' ') };
  const server = { kind: 'real-server', line, service, socket, forwarding, weight, ...unknown } as const;
  return { ...server, text: printRealServer(server) };
}

function isSchedulerName(word: string): boolean {
  return /^[a-z][a-z0-9_-]{0,15}$/.test(word);
}

/** `TCP  10.96.0.10:53 rr persistent 10800`, `  -> 10.244.1.3:53   Masq    1   0   0`. */
function readListedLine(
  { line, text }: TextLine,
  current: ListedService | undefined,
): Omit<ListedServer, 'realServers'> | ListedRealServer | string {
  const words = text.split(' ').filter((word) => word !== '');
  if (text.startsWith('  -> ')) {
    const [, place = '', way = '', weight, active, inactive, ...rest] = words;
    if (current === undefined) return 'a real server without its virtual server';
    if (active === undefined || inactive === undefined || rest.length > 0)
      return 'not a real server in the form of ipvsadm -Ln';
    return makeRealServer(line, current, place, FORWARDINGS.get(way), weight, []);
  }
  const isMark = words[0] === 'FWM';
  const isIPv6 = isMark && words[2] === 'IPv6';
  const service = isMark
    ? readMark(words[1], isIPv6)
    : /^[A-Z]/.test(text)
      ? readService(PROTOCOLS.get(words[0] as string), words[1])
      : 'not a line of ipvsadm -Ln';
  if (typeof service === 'string') return service;
  return readServer(line, service, savedOptions(words.slice(isIPv6 ? 3 : 2)));
}

/** `rr (mh-port) persistent 10800 mask 255.255.255.0 pe sip ops` as `-Sn` spells it, in its order. */
function savedOptions([scheduler = '', ...words]: readonly string[]): readonly string[] {
  const options = ['-s', scheduler];
  let flags: string | undefined;
  let at = 0;
  if (/^\([^()]*\)$/.test(words[0] ?? '')) flags = (words[at++] as string).slice(1, -1);
  for (const [listed, saved] of [
    ['persistent', '-p'],
    ['mask', '-M'],
    ['pe', '--pe'],
  ] as const) {
    if (words[at] !== listed) continue;
    options.push(saved, words[at + 1] ?? '');
    at += 2;
  }
  if (words[at] === 'ops') {
    options.push('-o');
    at++;
  }
  if (flags !== undefined) options.push('-b', flags);
  return [...options, ...words.slice(at)];
}
