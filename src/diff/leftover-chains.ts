/**
 * Chains of iptables as they can be removed. In: what iptables or nft shows. Out: chains by table, and the commands that remove
 * some of them together with the rules of other chains that lead there.
 */
import type { SavedDump } from '../backends/iptables/saved.ts';
import type { ListedTable } from '../backends/nftables/listed.ts';
import { savedRuleText } from '../trace/iptables/step-facts.ts';
import { shellWord } from './shell-word.ts';

export interface NamedChain {
  readonly table: string;
  readonly name: string;
  readonly jumps: readonly Jump[];
}

interface Jump {
  readonly to: string;
  /** `-A PREROUTING -j KUBE-SERVICES`; empty where nft prints it otherwise. */
  readonly rule: string;
}

export interface Removal {
  readonly commands: readonly string[];
  /** How many rules of other chains lead to those that are removed. */
  readonly jumps: number;
}

interface OpenChain extends NamedChain {
  readonly jumps: Jump[];
}

export function savedChains({ parts }: SavedDump): readonly NamedChain[] {
  const chains = new Map<string, OpenChain>();
  const chainOf = (table: string, name: string): OpenChain => {
    const key = `${table} ${name}`;
    const known = chains.get(key) ?? { table, name, jumps: [] };
    chains.set(key, known);
    return known;
  };
  for (const part of parts) {
    if (part.kind !== 'table') continue;
    for (const entry of part.entries) {
      if (entry.kind === 'chain') chainOf(part.name, entry.name);
      if (entry.kind !== 'rule') continue;
      const chain = chainOf(part.name, entry.chain);
      const { target } = entry;
      if (target?.kind === 'jump') chain.jumps.push({ to: target.chain, rule: savedRuleText(entry) });
    }
  }
  return [...chains.values()];
}

/** Those that iptables-nft makes. */
const TABLES: ReadonlySet<string> = new Set(['raw', 'mangle', 'nat', 'filter', 'security']);

export function listedChains(tables: readonly Pick<ListedTable, 'name' | 'chains'>[]): readonly NamedChain[] {
  const made = tables.filter(({ name }) => TABLES.has(name));
  return made.flatMap(({ name: table, chains }) =>
    chains.map(({ name, rules }) => ({
      table,
      name,
      jumps: rules.flatMap(({ statements }) =>
        statements.flatMap((statement): Jump[] =>
          statement.kind === 'verdict' && 'chain' in statement.verdict
            ? [{ to: statement.verdict.chain, rule: '' }]
            : [],
        ),
      ),
    })),
  );
}

/** Rules of chains that stay, and lead to those that go, by table. */
function leading(
  chains: readonly NamedChain[],
  remove: readonly NamedChain[],
): ReadonlyMap<string, readonly (Jump & { readonly chain: string })[]> {
  const gone = new Set(remove.map(({ table, name }) => `${table} ${name}`));
  const found = new Map<string, (Jump & { readonly chain: string })[]>();
  for (const { table, name, jumps } of chains) {
    if (gone.has(`${table} ${name}`)) continue;
    for (const jump of jumps) {
      if (!gone.has(`${table} ${jump.to}`)) continue;
      found.set(table, [...(found.get(table) ?? []), { ...jump, chain: name }]);
    }
  }
  return found;
}

function byTable(remove: readonly NamedChain[]): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, string[]>();
  for (const { table, name } of remove) tables.set(table, [...(tables.get(table) ?? []), name]);
  return tables;
}

/** One transaction a table: first the rules that lead there go, then chains are emptied, then deleted. */
export function removalByRestore(
  restore: string,
  chains: readonly NamedChain[],
  remove: readonly NamedChain[],
): Removal {
  const jumps = leading(chains, remove);
  const commands = [...byTable(remove)].map(([table, names]) => {
    const lines = [
      `*${table}`,
      ...names.map((name) => `:${name} - [0:0]`),
      ...(jumps.get(table) ?? []).map(({ rule }) => rule.replace(/^-A/, '-D')),
      ...names.map((name) => `-X ${name}`),
      'COMMIT',
    ];
    return `printf '%s\\n' ${lines.map(shellWord).join(' ')} | ${restore} --noflush`;
  });
  return { commands, jumps: count(jumps) };
}

/** nft deletes rules by handles, which are asked for when the commands run. */
export function removalByNft(
  family: 'ip' | 'ip6',
  chains: readonly NamedChain[],
  remove: readonly NamedChain[],
): Removal {
  const jumps = leading(chains, remove);
  const commands = [...byTable(remove)].flatMap(([table, names]) => {
    const from = new Map((jumps.get(table) ?? []).map(({ chain, to }) => [`${chain} ${to}`, { chain, to }]));
    const unlink = [...from.values()].map(({ chain, to }) => {
      const place = `${family} ${shellWord(table)} ${shellWord(chain)}`;
      const handles = `sed -n 's/.*[[:space:]]\\(jump\\|goto\\) ${to} .*# handle \\([0-9]*\\)$/\\2/p'`;
      return `nft -a list chain ${place} | ${handles} | xargs -r -n 1 nft delete rule ${place} handle`;
    });
    const each = (verb: string) => names.map((name) => `${verb} chain ${family} ${table} ${name}`);
    return [...unlink, `nft ${shellWord([...each('flush'), ...each('delete')].join('; '))}`];
  });
  return { commands, jumps: count(jumps) };
}

function count(jumps: ReadonlyMap<string, readonly unknown[]>): number {
  return [...jumps.values()].reduce((sum, { length }) => sum + length, 0);
}
