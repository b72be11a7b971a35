/**
 * Prints virtual servers, ipsets and tables as the tools do. In: the typed rules of both families. Out: `ipvsadm -Sn`,
 * `ipset save`, addresses, and what iptables prints or takes, in the order of the oracle's normal form.
 */
import { formatNtop, parseCIDR, parseIP, readCanonicalIPv4 } from '../../shared/ip.ts';
import { compareStrings } from '../../shared/ordering.ts';
import { checked } from '../checked-text.ts';
import { chainText, type Spelling } from '../print-chain.ts';
import { checkedWord } from './checked-word.ts';
import type { IPSet, SetEntry } from './ip-set.ts';
import type { FamilyRuleset, VirtualServer } from './ruleset.ts';

/** Texts are handed on in pieces of about this many characters. */
const PIECE = 1 << 18;

/** Joins lines that each end in a line break. */
export function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

const PROTOCOL_FLAG = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

/**
 * `-A -t 10.96.0.10:53 -s rr`, and `-a -t 10.96.0.10:53 -r 10.244.1.3:53 -m -w 1`.
 * @param command stands before each
 * @param word how an address with its port is written
 */
export function* serverLines(
  rulesets: readonly FamilyRuleset[],
  command = '',
  word: (text: string) => string = checkedWord,
): Generator<string> {
  const servers = rulesets.flatMap(({ virtualServers }) => virtualServers);
  const headed = servers.map((server) => ({ server, head: headOf(server, word) }));
  headed.sort((a, b) => compareStrings(a.head, b.head));
  for (const { server, head } of headed) {
    let text = `${command}-A ${head} -s ${checkedWord(server.scheduler)}`;
    if (server.persistentSeconds > 0) text += ` -p ${server.persistentSeconds}`;
    if (server.mhPort) text += ' -b mh-port';
    text += '\n';
    for (const { address, weight } of server.realServers) {
      text += `${command}-a ${head} -r ${word(address)} -m -w ${weight}\n`;
    }
    yield checked(text, 1 + server.realServers.length);
  }
}

function headOf({ protocol, address, port }: VirtualServer, word: (text: string) => string): string {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${PROTOCOL_FLAG[protocol]} ${word(place)}`;
}

/** All `create`, then all `add`. */
export function* setLines(rulesets: readonly FamilyRuleset[]): Generator<string> {
  const all = rulesets.flatMap(({ family, sets }) => sets.map((set) => ({ family, set })));
  all.sort((a, b) => compareStrings(a.set.name, b.set.name));
  for (const { family, set } of all) {
    const options =
      set.type === 'bitmap:port'
        ? 'range 0-65535'
        : `family ${family === 'IPv6' ? 'inet6' : 'inet'} hashsize 1024 maxelem 65536`;
    yield checked(`create ${checkedWord(set.name)} ${set.type} ${options}\n`, 1);
  }
  for (const { set } of all) yield* entryLines(set);
}

function entryLines({ name, entries }: IPSet): readonly string[] {
  const lines = entries.filter(isStorable).map((entry) => `add ${name} ${checkedWord(entryText(entry))}\n`);
  return lines.sort(compareStrings);
}

/** The kernel has no network of length 0 in such a set, and refuses it; kube-proxy goes on without. */
function isStorable({ source }: SetEntry): boolean {
  return source === undefined || !source.endsWith('/0');
}

function entryText({ address, protocol, port, source }: SetEntry): string {
  if (address === undefined) return `${port}`;
  if (port === undefined) return kernelNetwork(address);
  const place = `${kernelNetwork(address)},${protocol}:${port}`;
  return source === undefined ? place : `${place},${kernelNetwork(source)}`;
}

/** Most addresses have one spelling only. @throws Error for what is neither address nor CIDR */
function kernelNetwork(text: string): string {
  if (readCanonicalIPv4(text) !== undefined) return text;
  const ip = parseIP(text);
  if (ip !== undefined) return formatNtop(ip);
  const cidr = parseCIDR(text);
  if (cidr === undefined) throw new Error(`refusing to write ${JSON.stringify(text)} into rules of ipvs`);
  const { network, prefixLength } = cidr;
  return formatNtop(network) + (prefixLength === 8 * network.length ? '' : `/${prefixLength}`);
}

/** One a line. */
export function* addressLines(rulesets: readonly FamilyRuleset[]): Generator<string> {
  const addresses = rulesets.flatMap((ruleset) => ruleset.addresses);
  for (const address of [...addresses].sort(compareStrings)) yield checked(`${checkedWord(address)}\n`, 1);
}

/** What iptables-save prints, or iptables-restore takes. */
export function* tableTexts({ family, tables }: FamilyRuleset, spelling: Spelling): Generator<string> {
  for (const { name, chains } of tables) {
    const included = chains.filter(spelling.includes);
    let declarations = `*${name}\n`;
    for (const chain of included) {
      declarations += `:${chain.name} ${chain.writer === 'kernel' ? 'ACCEPT' : '-'} [0:0]\n`;
    }
    yield checked(declarations, 1 + included.length);
    for (const chain of included) yield chainText(chain, family, spelling);
    yield 'COMMIT\n';
  }
}

/** `{"virtualServers":[…],"sets":[…],"addresses":[…],"tables":[{"name":"nat","chains":[…]}]}`, an object a line. */
export function printJSON(ruleset: FamilyRuleset): Generator<string> {
  return pieces(jsonTexts(ruleset));
}

function* jsonTexts({ virtualServers, sets, addresses, tables }: FamilyRuleset): Generator<string> {
  yield '{"virtualServers":[';
  yield* jsonItems(virtualServers);
  yield '],"sets":[';
  yield* jsonItems(sets);
  yield `],"addresses":${JSON.stringify(addresses)},"tables":[`;
  for (const [t, { name, chains }] of tables.entries()) {
    yield `${t === 0 ? '' : ','}\n{"name":${JSON.stringify(name)},"chains":[`;
    yield* jsonItems(chains);
    yield ']}';
  }
  yield ']}';
}

function* jsonItems(items: readonly unknown[]): Generator<string> {
  for (const [i, item] of items.entries()) yield `${i === 0 ? '' : ','}\n${JSON.stringify(item)}`;
}
