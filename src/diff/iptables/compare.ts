/**
 * Compares two sets of iptables rules of one family, without meaning. In: texts of `iptables-save`, and where Service traffic
 * goes. Out: what differs of kube-proxy's own rules, and the rules of others that may meet Service traffic.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { servicePortChains } from '../../backends/iptables/chain-names.ts';
import { chainOwners } from '../../backends/iptables/chain-owners.ts';
import { parseSaved, problems } from '../../backends/iptables/parse.ts';
import type { SavedDump, SavedRule } from '../../backends/iptables/saved.ts';
import type { IptablesRules } from '../../trace/node-rules.ts';
import type { StaleChain, Unknown } from '../change.ts';
import type { Compared } from '../compared.ts';
import type { TrafficReach } from '../traffic-reach.ts';
import { compareBuiltIn, withoutRules } from './built-in-chains.ts';
import { compareChains, SHARED_CHAINS } from './compare-chains.ts';
import { chainLines } from './rule-lines.ts';
import { HOOKS, type RuleTables, reachableChains, ruleTables } from './rule-tables.ts';
import { sameText } from './same-text.ts';

/** @param shared chains in which each Service has rules of its own */
export function compareIptables(
  family: IPFamily,
  intended: IptablesRules,
  actual: IptablesRules,
  reach: TrafficReach,
  shared: ReadonlySet<string> = SHARED_CHAINS,
): Compared {
  const { same, rest } = sameText(intended.text, actual.text);
  const unlike = ruleTables(parseSaved(rest));
  const found = ruleTables(actual.dump);
  const builtIn = compareBuiltIn(unlike, found, reach);
  // Most of a big cluster's rules are spelled alike, and are read only if packets are to be followed.
  let tables: RuleTables | undefined;
  const readTables = () => {
    tables ??= ruleTables(intended.dump);
    return tables;
  };
  const left = withoutRules(actual.dump, builtIn.passedOver, builtIn.passedPolicies);
  return {
    isOneMode: true,
    differences: [...compareChains(unlike, found, same, shared), ...builtIn.missing],
    foreign: builtIn.foreign,
    suspects: builtIn.suspicious ? withTheirChains(builtIn.foreign, unlike, found) : [],
    policies: builtIn.policies,
    suspicious: builtIn.suspicious,
    stale: staleChains(family, unlike, found),
    unreadable: unreadableLines(family, actual.dump),
    isShared: (chain) => shared.has(chain),
    isBeforeTranslation: (table) => table === 'nat',
    owners: chainOwners,
    hasChains: ({ servicePort: { name, protocol } }) => {
      const chains = servicePortChains(name, protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp');
      const nat = found.get('nat');
      return [chains.clusterPolicy, chains.localPolicy, chains.external].some(
        (chain) => (nat?.get(chain)?.rules.length ?? 0) > 0,
      );
    },
    intended: () => intended,
    actual: (passedOver) => ({ ...actual, dump: withoutRules(left, passedOver) }),
    chainLines: (place, foreign) =>
      chainLines(family, place, { intended: readTables(), actual: found }, foreign),
  };
}

/** Rules with those of the chains that they lead to. */
function withTheirChains(
  rules: readonly SavedRule[],
  intended: RuleTables,
  actual: RuleTables,
): readonly SavedRule[] {
  const found = new Set<SavedRule>();
  const open = [...rules];
  for (let rule = open.pop(); rule !== undefined; rule = open.pop()) {
    if (found.has(rule)) continue;
    found.add(rule);
    const { target } = rule;
    if (target?.kind !== 'jump' || target.chain.startsWith('KUBE-')) continue;
    for (const [name, table] of actual) {
      if (!HOOKS.has(target.chain) && !intended.get(name)?.has(target.chain))
        open.push(...(table.get(target.chain)?.rules ?? []));
    }
  }
  return [...found];
}

const HASHED = /^KUBE-(SVC|SVL|EXT|FW|XLB|SEP)-[A-Z2-7]{16}$/;

/** Chains that kube-proxy has left behind: it clears them some time later. */
function staleChains(family: IPFamily, intended: RuleTables, actual: RuleTables): readonly StaleChain[] {
  const stale: StaleChain[] = [];
  for (const [table, chains] of actual) {
    const strange = [...chains.values()].filter(
      ({ name }) => HASHED.test(name) && !intended.get(table)?.has(name),
    );
    if (strange.length === 0) continue;
    const reached = reachableChains(chains);
    for (const { name, rules } of strange) {
      if (!reached.has(name)) stale.push({ family, table, chain: name, rules: rules.length });
    }
  }
  return stale;
}

/** Characters of a line that cannot be read. */
const MOST_SHOWN = 200;

/** Rules may hide there, so the two sides are never equal. */
function unreadableLines(family: IPFamily, dump: SavedDump): readonly Unknown[] {
  const texts = new Map<number, string>();
  for (const part of dump.parts) {
    for (const entry of part.kind === 'text' ? [part] : part.entries) {
      if (entry.kind === 'text' && entry.problem !== undefined) texts.set(entry.line, entry.text);
    }
  }
  return problems(dump).map(({ line, problem }): Unknown => {
    const [first = ''] = (texts.get(line) ?? '').split('\n');
    const rule = first.slice(0, MOST_SHOWN);
    const consequence = `${problem}: rules that the dump does not show may do anything to any Service`;
    return {
      family,
      reason: problem,
      ...(rule === '' ? {} : { rule }),
      services: 0,
      consequence,
      open: true,
    };
  });
}
