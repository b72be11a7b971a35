/**
 * The parsers that hostile input reaches first. In: bytes of any kind. Out: nothing, or an error where a parser threw what it
 * does not promise to throw, or broke another promise of its own.
 */
import { isDeepStrictEqual } from 'node:util';
import { parseSaved, problems } from '../../src/backends/iptables/parse.ts';
import { printSaved } from '../../src/backends/iptables/print-saved.ts';
import { parseBoundAddresses, parseIPAddresses } from '../../src/backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../../src/backends/ipvs/parse-ipset.ts';
import { parseListedServers, parseSavedServers } from '../../src/backends/ipvs/parse-ipvsadm.ts';
import { printIPSets, printServers } from '../../src/backends/ipvs/print-listed.ts';
import type { ListedRuleset } from '../../src/backends/nftables/listed.ts';
import { parseListedJSON } from '../../src/backends/nftables/parse-json.ts';
import { parseListed } from '../../src/backends/nftables/parse-listed.ts';
import { printListed } from '../../src/backends/nftables/print-listed.ts';
import { prepareCluster } from '../../src/controllers/prepare-cluster.ts';
import { DEFAULT_DNS_CONFIGURATION } from '../../src/discovery/dns/dns-configuration.ts';
import { parseQuestion } from '../../src/discovery/dns/parse-question.ts';
import { candidateNames, isAddress } from '../../src/discovery/dns/resolve.ts';
import { recognise } from '../../src/host/recognise.ts';
import { MalformedTar, readTar } from '../../src/host/tar.ts';
import { scanJsonValue, skipJsonSpace } from '../../src/input/json-scanner.ts';
import { ListResponse, MalformedList } from '../../src/input/list-response.ts';
import { readInput } from '../../src/input/read-input.ts';
import { MalformedWatch, WatchEvents } from '../../src/input/watch-events.ts';
import { decodeYaml, parseYaml } from '../../src/input/yaml/parse-yaml.ts';
import { readBlockYaml } from '../../src/input/yaml/read-block-yaml.ts';
import { RefusedYaml } from '../../src/input/yaml/yaml11-cursor.ts';
import { readLintConfiguration } from '../../src/lint/configuration.ts';
import { readProxyConfiguration } from '../../src/proxy/configuration.ts';
import { formatCIDR, formatIP, parseCIDR, parseIP } from '../../src/shared/ip.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { parseDestination, parseSource } from '../../src/trace/packet-ends.ts';

export type Parse = (bytes: Buffer) => void | Promise<void>;

/** A promise that a parser makes was broken. */
function claim(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`broken promise: ${promise}`);
}

/** Runs what may throw errors of these classes, and no others. */
function allowing(classes: readonly (abstract new (...args: never[]) => Error)[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!classes.some((each) => error instanceof each)) throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkYaml(bytes: Buffer): void {
  const source = `${bytes.toString()}\n`;
  let faultless: unknown;
  allowing([RefusedYaml], () => {
    const { value, duplicates, rest } = decodeYaml(source);
    claim(rest === undefined || rest >= 0, 'the rest begins within the text');
    claim(typeof JSON.stringify(value) === 'string', 'what is read is JSON');
    if (duplicates.length === 0 && rest === undefined) faultless = value;
  });
  const short = readBlockYaml(source);
  claim(
    short === undefined || isDeepStrictEqual(short, faultless),
    'the short cut leads where the long way does',
  );
}

function checkJson(bytes: Buffer): void {
  const text = bytes.toString();
  const encoded = Buffer.from(text);
  const scan = scanJsonValue(encoded, 0);
  const isWhole = scan.kind === 'value' && skipJsonSpace(encoded, scan.end) >= encoded.length;
  claim(isWhole === isJson(text), 'the scanner takes what JSON.parse takes');
}

/** A list that is read in two pieces is the list that is read in one. */
function checkList(bytes: Buffer): void {
  const read = (pieces: readonly Uint8Array[]): string => {
    try {
      const response = new ListResponse();
      for (const piece of pieces) response.push(piece);
      return JSON.stringify([response.end(), response.items]);
    } catch (error) {
      if (!(error instanceof MalformedList)) throw error;
      return 'malformed';
    }
  };
  const middle = bytes.length >> 1;
  const inPieces = read([bytes.subarray(0, middle), bytes.subarray(middle)]);
  claim(read([bytes]) === inPieces, 'where a piece ends does not matter');
}

const KINDS: ReadonlySet<string> = new Set(
  'Service EndpointSlice Endpoints Node Namespace ServiceCIDR KubeProxyConfiguration Pod'.split(' '),
);

/** All that is read of manifests: documents, places, admission, the controllers. */
async function checkManifest(bytes: Buffer): Promise<void> {
  const source = await readInput({ filenames: ['-'], recursive: false, stdin: [bytes], kinds: KINDS });
  const { diagnostics } = prepareCluster({ objects: source.objects, skipInvalid: true });
  for (const { origin, path } of [...source.diagnostics, ...diagnostics]) {
    if (origin === undefined) continue;
    const place = source.locate(origin, path ?? []);
    claim(place === undefined || (place.line > 0 && place.column > 0), 'places count from 1');
  }
}

function documentOf(bytes: Buffer): unknown {
  try {
    return parseYaml(`${bytes.toString()}\n`).value;
  } catch (error) {
    if (error instanceof RefusedYaml) return undefined;
    throw error;
  }
}

function checkProxyConfiguration(bytes: Buffer): void {
  const value = documentOf(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    readProxyConfiguration(value as Parameters<typeof readProxyConfiguration>[0]);
  }
}

/** With the checksums of its headers put right: else nothing behind the first change would be read. */
function withChecksums(archive: Buffer): Buffer {
  const bytes = Buffer.from(archive);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
  return bytes;
}

async function checkTar(archive: Buffer): Promise<void> {
  const bytes = withChecksums(archive);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  }
  let total = 0;
  try {
    for await (const entry of readTar(pieces(), (size) => size <= 1 << 20)) {
      if (entry.kind === 'file') total += entry.bytes.length;
    }
  } catch (error) {
    if (!(error instanceof MalformedTar)) throw error;
  }
  claim(total <= bytes.length, 'an archive has no more bytes than it brings');
}

function checkIPs(bytes: Buffer): void {
  const text = bytes.toString().trim();
  const ip = parseIP(text);
  if (ip !== undefined)
    claim(formatIP(parseIP(formatIP(ip)) as never) === formatIP(ip), 'IPs print and parse');
  const cidr = parseCIDR(text);
  if (cidr === undefined) return;
  const printed = formatCIDR(cidr);
  claim(formatCIDR(parseCIDR(printed) as never) === printed, 'CIDRs print and parse');
}

function checkSaved(bytes: Buffer): void {
  const text = bytes.toString();
  const dump = parseSaved(text);
  claim(printSaved(dump) === text, 'any dump is printed back as it came');
  for (const { line } of problems(dump)) claim(line > 0, 'lines count from 1');
}

/** Whether nothing of a listing was kept as mere text. */
function isUnderstood({ tables, problems: found }: ListedRuleset): boolean {
  if (found.length > 0) return false;
  return tables.every(({ others, sets, chains }) => {
    const properties = sets.flatMap(({ options = [], flags }) => [...options, ...flags]);
    const isPlain = properties.every((property) => /^[a-z-]+( [a-z0-9]+)?$/.test(property));
    const data = JSON.stringify([sets, chains]);
    // Of a quote that is never closed nobody knows where its string ends.
    const isClear = !data.includes('"kind":"unknown"') && !data.includes('\\"');
    return others.length === 0 && isPlain && isClear;
  });
}

function checkListed(bytes: Buffer): void {
  const text = bytes.toString();
  const ruleset = parseListed(text);
  const lines = text.split('\n').length;
  claim(
    ruleset.problems.every(({ line }) => line > 0 && line <= lines),
    'problems have lines within the text',
  );
  if (!isUnderstood(ruleset)) return;
  const printed = printListed(ruleset);
  claim(printListed(parseListed(printed)) === printed, 'what is understood prints and parses');
}

/** What was read without a problem is read again from what is printed of it. */
function checkServers(bytes: Buffer): void {
  const text = bytes.toString();
  parseListedServers(text);
  const { servers, problems: found } = parseSavedServers(text);
  if (found.length > 0) return;
  const printed = printServers(servers);
  claim(printServers(parseSavedServers(printed).servers) === printed, 'servers print and parse');
}

function checkIPSets(bytes: Buffer): void {
  const { sets, problems: found } = parseIPSets(bytes.toString());
  if (found.length > 0) return;
  const printed = printIPSets(sets);
  claim(printIPSets(parseIPSets(printed).sets) === printed, 'sets print and parse');
}

function checkQuestion(bytes: Buffer): void {
  const name = bytes.toString().trim();
  isAddress(name);
  const conf = {
    policy: 'ClusterFirst',
    nameServers: ['10.96.0.10'],
    search: ['prod.svc.cluster.local', 'svc.cluster.local.'],
    options: new Map([['ndots', '5']]),
  } as const;
  for (const candidate of candidateNames(name, conf)) {
    claim(candidate.length <= 255, 'no candidate is longer than DNS has names');
    parseQuestion(candidate.toLowerCase(), `${DEFAULT_DNS_CONFIGURATION.clusterDomain}.`);
  }
}

function checkPacketEnds(bytes: Buffer): void {
  const text = bytes.toString().trim();
  allowing([OperationalError], () => void parseSource(text, 'prod'));
  allowing([OperationalError], () => void parseDestination(text, 'prod'));
}

export const PARSERS: Readonly<Record<string, Parse>> = {
  yaml: checkYaml,
  json: checkJson,
  manifest: checkManifest,
  'list-response': checkList,
  'watch-events': (bytes) => allowing([MalformedWatch], () => void [...new WatchEvents().push(bytes)]),
  'proxy-configuration': checkProxyConfiguration,
  'lint-configuration': (bytes) => void readLintConfiguration(documentOf(bytes), ['external-ips']),
  'iptables-save': checkSaved,
  nft: checkListed,
  'nft-json': (bytes) => void printListed(parseListedJSON(bytes.toString())),
  ipvsadm: checkServers,
  ipset: checkIPSets,
  'ip-addr': (bytes) => {
    parseIPAddresses(bytes.toString());
    parseBoundAddresses(bytes.toString(), 'kube-ipvs0');
  },
  recognise: (bytes) => void recognise(bytes.toString()),
  tar: checkTar,
  'dns-question': checkQuestion,
  'packet-ends': checkPacketEnds,
  addresses: checkIPs,
};
