/**
 * Compares two listings of nftables of one family, without meaning. In: the intended table of kube-proxy, and the tables of a
 * host. Out: what differs of kube-proxy's own chains, sets and maps, and the rules of others that may meet Service traffic.
 *
 * Elements of sets and maps have no order; rules have one. A set that rules add to holds clients, which are nobody's intention.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { chainOwners } from '../../backends/nftables/chain-owners.ts';
import type {
  ListedChain,
  ListedElement,
  ListedRule,
  ListedRuleset,
  ListedSet,
  ListedTable,
} from '../../backends/nftables/listed.ts';
import { planServicePort } from '../../backends/nftables/service-plan.ts';
import type { NftablesRules } from '../../trace/node-rules.ts';
import type { MetRule } from '../../trace/step.ts';
import type { ChainLines, StaleChain, Unknown } from '../change.ts';
import type { Compared, Difference } from '../compared.ts';
import { subtract } from '../subtract.ts';
import type { TrafficReach } from '../traffic-reach.ts';
import { foreignRules, isLeftToOthers } from './foreign-rules.ts';
import { type NftablesLine, nftablesLineText } from './line-facts.ts';
import { chainHeading, setHeading } from './lines.ts';

/** Sets and maps to which each Service adds elements. */
const SHARED: ReadonlySet<string> = new Set([
  'cluster-ips',
  'firewall',
  'firewall-allow',
  'firewall-ips',
  'hairpin-connections',
  'localhost-nodeport-reject-ports',
  'no-endpoint-nodeports',
  'no-endpoint-services',
  'service-ips',
  'service-nodeports',
]);

export function compareNftables(
  family: IPFamily,
  intended: NftablesRules,
  actual: NftablesRules,
  reach: TrafficReach,
): Compared {
  const word = family === 'IPv4' ? 'ip' : 'ip6';
  const label = `${word} kube-proxy`;
  const isOwn = (table: ListedTable) => table.family === word && table.name === 'kube-proxy';
  const wanted = intended.listed.tables.find(isOwn);
  const found = actual.listed.tables.find(isOwn);
  const others = actual.listed.tables.filter(
    (table) => !isOwn(table) && (table.family === word || table.family === 'inet'),
  );
  const strange = found === undefined ? [] : strangeBaseChains(wanted, found);
  const foreign = foreignRules([...others.filter((table) => !isLeftToOthers(table)), ...strange], reach);
  const left = others.filter(isLeftToOthers);
  const chainsOf = new Map((found?.chains ?? []).map((chain) => [chain.name, chain]));
  return {
    isOneMode: true,
    differences: wanted === undefined ? [] : compareTables(label, wanted, found),
    lostTable: wanted !== undefined && found === undefined ? label : undefined,
    foreign: foreign.rules,
    suspects: foreign.rules,
    policies: foreign.policies,
    suspicious: foreign.rules.length + foreign.policies.length > 0,
    stale: staleChains(family, label, wanted, found),
    unreadable: [...unreadable(family, actual.listed, found), ...leftOut(family, left)],
    isShared: (chain) => SHARED.has(chain),
    isBeforeTranslation: () => true,
    owners: chainOwners,
    hasChains: (view) => {
      const { chains } = planServicePort(view);
      return [chains.clusterPolicy, chains.localPolicy, chains.external].some((name) => chainsOf.has(name));
    },
    intended: () => intended,
    actual: (passedOver) => ({ kind: 'nftables', listed: without(actual.listed, left, passedOver) }),
    chainLines: (place, texts) => linesOf(family, place, intended.listed, actual.listed, texts),
  };
}

function compareTables(
  table: string,
  wanted: ListedTable,
  found: ListedTable | undefined,
): readonly Difference[] {
  const chains = new Map((found?.chains ?? []).map((chain) => [chain.name, chain]));
  const sets = new Map((found?.sets ?? []).map((set) => [set.name, set]));
  const flags = found?.flags.includes('dormant') === true ? [dormant(table, found)] : [];
  return [
    ...flags,
    ...wanted.sets.flatMap((set) => compareSet(table, set, sets.get(set.name)) ?? []),
    ...wanted.chains.flatMap((chain) => compareChain(table, chain, chains.get(chain.name)) ?? []),
  ];
}

/** None of its chains is asked. */
function dormant(table: string, { line }: ListedTable): Difference {
  const text = 'flags dormant';
  const extra = [{ kind: 'nft-heading', line, table, chain: '', text, seconds: undefined } as const];
  return { table, chain: '', missing: [], extra, reordered: false };
}

function compareChain(
  table: string,
  wanted: ListedChain,
  found: ListedChain | undefined,
): Difference | undefined {
  const rules = found?.rules ?? [];
  const headings = subtract(
    [chainHeading(wanted, table)].filter((each) => each !== undefined),
    [found && chainHeading(found, table)].filter((each) => each !== undefined),
    ({ text }) => text,
  );
  // Nearly all are; then the keys need not be made.
  const isSpelledAlike =
    wanted.rules.length === rules.length && wanted.rules.every(({ text }, i) => text === rules[i]?.text);
  const lines = isSpelledAlike ? { missing: [], extra: [] } : subtract(wanted.rules, rules, ruleKey);
  const missing: NftablesLine[] = [...headings.missing, ...lines.missing];
  const extra: NftablesLine[] = [...headings.extra, ...lines.extra];
  const isSame =
    isSpelledAlike ||
    wanted.rules.every((rule, i) => rules[i] !== undefined && ruleKey(rule) === ruleKey(rules[i]));
  if (missing.length + extra.length === 0 && isSame) return undefined;
  return { table, chain: wanted.name, missing, extra, reordered: missing.length + extra.length === 0 };
}

/** Comments do not count, and nft spells one rule in several ways. */
function ruleKey({ statements }: ListedRule): string {
  return JSON.stringify(statements.filter(({ kind }) => kind !== 'counter' && kind !== 'log'));
}

function compareSet(table: string, wanted: ListedSet, found: ListedSet | undefined): Difference | undefined {
  const headings = subtract(
    [setHeading(wanted, table)],
    found === undefined ? [] : [setHeading(found, table)],
    ({ text }) => text,
  );
  const isDynamic = wanted.flags.includes('dynamic');
  const elements = subtract(
    isDynamic ? [] : wanted.elements,
    isDynamic ? [] : (found?.elements ?? []),
    elementKey,
  );
  const missing: NftablesLine[] = [...headings.missing, ...elements.missing];
  const extra: NftablesLine[] = [...headings.extra, ...elements.extra];
  if (missing.length + extra.length === 0) return undefined;
  return { table, chain: wanted.name, missing, extra, reordered: false };
}

function elementKey({ key, verdict, value, statements }: ListedElement): string {
  let text = '';
  for (const part of key) {
    text +=
      part.kind === 'word'
        ? `${part.word} `
        : part.kind === 'prefix'
          ? `${part.text} `
          : `${part.first}-${part.last} `;
  }
  if (verdict !== undefined) text += 'chain' in verdict ? `${verdict.kind} ${verdict.chain}` : verdict.kind;
  if (value !== undefined) text += JSON.stringify(value);
  return statements === undefined ? text : `${text} ${statements.join(' ')}`;
}

/** Base chains in kube-proxy's table that are not intended: somebody's, or those of another release. */
function strangeBaseChains(wanted: ListedTable | undefined, found: ListedTable): readonly ListedTable[] {
  const names = new Set((wanted?.chains ?? []).map(({ name }) => name));
  const chains = found.chains.filter(({ name, hook }) => hook !== undefined && !names.has(name));
  return chains.length === 0 ? [] : [{ ...found, chains }];
}

const HASHED = /^(service|local|external|firewall|endpoint)-[A-Z2-7]{8}-/;

/** Chains of Services that nothing leads to: kube-proxy removes them some time later. */
function staleChains(
  family: IPFamily,
  table: string,
  wanted: ListedTable | undefined,
  found: ListedTable | undefined,
): readonly StaleChain[] {
  if (found === undefined) return [];
  const names = new Set((wanted?.chains ?? []).map(({ name }) => name));
  const strange = found.chains.filter(({ name }) => HASHED.test(name) && !names.has(name));
  if (strange.length === 0) return [];
  const reached = reachedChains(found);
  return strange.flatMap(({ name, rules }) =>
    reached.has(name) ? [] : [{ family, table, chain: name, rules: rules.length }],
  );
}

function reachedChains({ chains, sets }: ListedTable): ReadonlySet<string> {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const maps = new Map(sets.map((set) => [set.name, set]));
  const reached = new Set<string>();
  const open = chains.filter(({ hook }) => hook !== undefined).map(({ name }) => name);
  const visit = (verdict: ListedElement['verdict']) => {
    if (verdict !== undefined && 'chain' in verdict) open.push(verdict.chain);
  };
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { statements } of byName.get(name)?.rules ?? []) {
      for (const statement of statements) {
        if (statement.kind === 'verdict') visit(statement.verdict);
        if (statement.kind !== 'vmap') continue;
        const { map } = statement;
        const elements = map.kind === 'named' ? (maps.get(map.name)?.elements ?? []) : map.elements;
        for (const { verdict } of elements) visit(verdict);
      }
    }
  }
  return reached;
}

/** Rules may hide there, so the two sides are never equal. */
function unreadable(
  family: IPFamily,
  { problems }: ListedRuleset,
  found: ListedTable | undefined,
): readonly Unknown[] {
  const lost = [...problems, ...(found?.others ?? []).filter(({ object }) => object === undefined)];
  return lost.map(({ text, problem }): Unknown => {
    const consequence = `${problem}: rules that the listing does not show may do anything to any Service`;
    return { family, reason: problem, rule: text.slice(0, 200), services: 0, consequence, open: true };
  });
}

function leftOut(family: IPFamily, left: readonly ListedTable[]): readonly Unknown[] {
  return left
    .filter(({ chains }) => chains.some(({ rules }) => rules.length > 0))
    .map(({ family: word, name }): Unknown => {
      const reason = `table ${word} ${name} belongs to others`;
      const consequence = `${reason}: what it does to connections is left to its owner`;
      return { family, reason, table: `${word} ${name}`, services: 0, consequence, open: false };
    });
}

function without(
  { tables, problems }: ListedRuleset,
  left: readonly ListedTable[],
  passedOver: ReadonlySet<MetRule>,
): ListedRuleset {
  const kept = tables.filter((table) => !left.includes(table));
  if (passedOver.size === 0) return { tables: kept, problems };
  const chainWithout = (chain: ListedChain): ListedChain => ({
    ...chain,
    rules: chain.rules.filter((rule) => !passedOver.has(rule)),
  });
  return { tables: kept.map((table) => ({ ...table, chains: table.chains.map(chainWithout) })), problems };
}

function linesOf(
  family: IPFamily,
  { table, chain }: { readonly table: string; readonly chain: string },
  intended: ListedRuleset,
  actual: ListedRuleset,
  foreign: ReadonlySet<string>,
): ChainLines {
  const [wanted, found] = [intended, actual].map(({ tables }) =>
    linesIn(
      tables.find((each) => `${each.family} ${each.name}` === table),
      chain,
      table,
    ),
  ) as [readonly string[], readonly string[]];
  const isForeign = !table.endsWith(' kube-proxy');
  const shown = isForeign ? found.filter((line) => foreign.has(line)) : found;
  return { family, table, chain, intended: wanted, actual: shown };
}

/** Elements by their text, rules in order. */
function linesIn(table: ListedTable | undefined, name: string, label: string): readonly string[] {
  const chain = table?.chains.find((each) => each.name === name);
  if (chain !== undefined) {
    const heading = chainHeading(chain, label);
    return [...(heading === undefined ? [] : [heading]), ...chain.rules].map(nftablesLineText);
  }
  const set = table?.sets.find((each) => each.name === name);
  if (set === undefined) return [];
  const elements = set.flags.includes('dynamic') ? [] : set.elements.map(nftablesLineText).sort();
  return [nftablesLineText(setHeading(set, label)), ...elements];
}
