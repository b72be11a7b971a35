/**
 * The normal form in which rule dumps are compared. In: text of `iptables-save` or for `iptables-restore`, of
 * `nft -s list table`, `ipset save` or `ipvsadm -Sn`. Out: the same rules without what kube-proxy and the kernel's tools leave random or count.
 *
 * Mirrors `canon iptables`, `ipset`, `ipvsadm` and `nft-list` of the kube-proxy oracle (test/oracle/kube-proxy/canon.go) line for line.
 */
import { compareStrings } from '../../src/shared/ordering.ts';

/** Chains whose rules come from several Services, in the order of a Go map. */
const SHARED_CHAINS: ReadonlySet<string> = new Set([
  'KUBE-SERVICES',
  'KUBE-EXTERNAL-SERVICES',
  'KUBE-NODEPORTS',
  'KUBE-PROXY-FIREWALL',
  'KUBE-IPVS-OUT-FILTER',
]);

const BUILT_IN_CHAINS: readonly string[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

interface Table {
  /** Chain name to its `:NAME POLICY [0:0]` line. */
  readonly chains: Map<string, string>;
  readonly rules: Map<string, string[]>;
  /** Lines that are neither, such as `-X CHAIN`. */
  readonly others: string[];
}

/**
 * Tables by name; in a table the built-in chains in hook order, then chains by name; rules grouped by chain, in their
 * order except in chains that Services share, where a stable sort by Service port applies; counters zero; no comments.
 */
export function canonicalIptablesSave(text: string): string {
  const tables = readTables(text);
  const lines: string[] = [];
  for (const name of [...tables.keys()].sort(compareStrings)) {
    const { chains, rules, others } = tables.get(name) as Table;
    lines.push(name);
    const names = [...new Set([...chains.keys(), ...rules.keys()])].sort(compareChains);
    for (const chain of names) if (chains.has(chain)) lines.push(chains.get(chain) as string);
    for (const chain of names) lines.push(...canonicalChain(chain, rules.get(chain) ?? []));
    lines.push(...others.sort(compareStrings), 'COMMIT');
  }
  return lines.map((line) => `${line}\n`).join('');
}

function readTables(text: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  let table: Table | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#') || line === 'COMMIT') continue;
    if (line.startsWith('*')) {
      table = tables.get(line) ?? { chains: new Map(), rules: new Map(), others: [] };
      tables.set(line, table);
      continue;
    }
    if (table === undefined) throw new Error(`a line outside any table: ${line}`);
    const words = line.split(/\s+/);
    if (line.startsWith(':'))
      table.chains.set((words[0] as string).slice(1), `${words[0]} ${words[1]} [0:0]`);
    else if (line.startsWith('-A ')) {
      const chain = words[1] as string;
      const rules = table.rules.get(chain);
      if (rules === undefined) table.rules.set(chain, [line]);
      else rules.push(line);
    } else table.others.push(line);
  }
  return tables;
}

function compareChains(a: string, b: string): number {
  const rankA = BUILT_IN_CHAINS.indexOf(a);
  const rankB = BUILT_IN_CHAINS.indexOf(b);
  if (rankA >= 0 && rankB >= 0) return rankA - rankB;
  if (rankA >= 0 || rankB >= 0) return rankA >= 0 ? -1 : 1;
  return compareStrings(a, b);
}

function canonicalChain(chain: string, rules: readonly string[]): readonly string[] {
  if (!SHARED_CHAINS.has(chain)) return rules;
  if (chain === 'KUBE-IPVS-OUT-FILTER') return [...rules].sort(compareStrings);
  // Rules of no Service stand before or after those of Services, never between.
  const head: string[] = [];
  const ofServices: { key: string; rule: string }[] = [];
  const tail: string[] = [];
  for (const rule of rules) {
    const key = servicePortOf(rule);
    if (key !== '') ofServices.push({ key, rule });
    else if (ofServices.length === 0) head.push(rule);
    else tail.push(rule);
  }
  ofServices.sort((a, b) => compareStrings(a.key, b.key));
  return [...sortNodePortJumps(head), ...ofServices.map(({ rule }) => rule), ...sortNodePortJumps(tail)];
}

/** One jump for each node address, in the order of a Go map: sorted where there is nothing else. */
function sortNodePortJumps(rules: string[]): string[] {
  return rules.every((rule) => rule.includes('kubernetes service nodeports'))
    ? rules.sort(compareStrings)
    : rules;
}

const COMMENT = /--comment ("(?:[^"\\]|\\.)*"|\S+)/;
const SERVICE_PORT = /^[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9.-]*(:[a-z0-9-]+)?$/;

/** The `namespace/name:port` at the start of a rule's comment, or `''`. */
function servicePortOf(rule: string): string {
  const comment = COMMENT.exec(rule)?.[1];
  if (comment === undefined) return '';
  const word = comment
    .replace(/^"+|"+$/g, '')
    .trimStart()
    .split(/\s+/)[0] as string;
  return SERVICE_PORT.test(word) ? word : '';
}

const NFT_KINDS: readonly string[] = ['counter', 'set', 'map', 'chain'];

/** Objects by kind and name; one element a line, sorted as text. */
export function canonicalNftList(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const blocks: { readonly key: string; readonly lines: readonly string[] }[] = [];
  const around: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (!/^\t[^\t].*\{$/.test(line)) {
      around.push(line);
      continue;
    }
    const [kind = '', name = ''] = line.trim().split(/\s+/);
    const end = lines.indexOf('\t}', i);
    const key = `${NFT_KINDS.indexOf(kind)}${kind} ${name}`;
    blocks.push({ key, lines: canonicalElements(lines.slice(i, end + 1)) });
    i = end;
  }
  blocks.sort((a, b) => compareStrings(a.key, b.key));
  const body = blocks.flatMap((block, i) => (i === 0 ? block.lines : ['', ...block.lines]));
  const all = [...around.slice(0, -1), ...body, ...around.slice(-1)];
  return all.map((line) => `${line}\n`).join('');
}

function canonicalElements(block: readonly string[]): readonly string[] {
  const made: string[] = [];
  for (let i = 0; i < block.length; i++) {
    const line = block[i] as string;
    if (!line.trim().startsWith('elements = {')) {
      made.push(line);
      continue;
    }
    let text = line.trim().slice('elements = {'.length);
    while (!text.trimEnd().endsWith('}')) text += ` ${(block[++i] as string).trim()}`;
    const elements = text
      .trim()
      .slice(0, -1)
      .trim()
      .split(', ')
      .map((element) => element.trim().replace(/,$/, '').trim());
    made.push('\t\telements = {', ...elements.sort(compareStrings).map((each) => `\t\t\t${each},`), '\t\t}');
  }
  return made;
}

/** All sets, then all entries, sorted as text; without what the kernel chooses. */
export function canonicalIpsetSave(text: string): string {
  const lines = linesOf(text).map((line) => line.replaceAll(/ (bucketsize \d+|initval 0x[0-9a-f]+)/g, ''));
  const isCreate = (line: string) => line.startsWith('create ');
  const creates = lines.filter(isCreate).sort(compareStrings);
  const adds = lines.filter((line) => !isCreate(line)).sort(compareStrings);
  return [...creates, ...adds].map((line) => `${line}\n`).join('');
}

/** Virtual servers sorted as text, each followed by its sorted real servers. */
export function canonicalIpvsadm(text: string): string {
  const byServer = new Map<string, string[]>();
  for (const line of linesOf(text)) {
    const [, flag, place] = line.split(' ');
    const key = `${flag} ${place}`;
    byServer.set(key, [...(byServer.get(key) ?? []), line]);
  }
  // `-A` is before `-a`.
  const lines = [...byServer.keys()]
    .sort(compareStrings)
    .flatMap((key) => (byServer.get(key) as string[]).sort(compareStrings));
  return lines.map((line) => `${line}\n`).join('');
}

export function canonicalAddresses(text: string): string {
  return linesOf(text)
    .sort(compareStrings)
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
