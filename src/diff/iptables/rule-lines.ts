/**
 * The rules that differ as lines of text. In: both sides' rules, and what was found. Out: each chain that differs, as each
 * side has it, in an order in which a line by line comparison shows nothing but differences.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { SavedRule } from '../../backends/iptables/saved.ts';
import { savedRuleText } from '../../trace/iptables/step-facts.ts';
import type { ChainLines } from '../change.ts';
import { SHARED_CHAINS } from './compare-chains.ts';
import { ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables } from './rule-tables.ts';

/** A rule that is not there has no place. */
const NO_RULES: readonly SavedRule[] = [];

/**
 * @param foreign rules of others in built-in chains that are part of the answer
 */
export function chainLines(
  family: IPFamily,
  { table, chain }: { readonly table: string; readonly chain: string },
  tables: { readonly intended: RuleTables; readonly actual: RuleTables },
  foreign: ReadonlySet<string>,
): ChainLines {
  const wanted = tables.intended.get(table)?.get(chain)?.rules ?? NO_RULES;
  const all = tables.actual.get(table)?.get(chain)?.rules ?? NO_RULES;
  const keys = new Set(wanted.map(ruleKey));
  const found = HOOKS.has(chain)
    ? all.filter((rule) => keys.has(ruleKey(rule)) || foreign.has(savedRuleText(rule)))
    : all;
  const spelled = new Map(wanted.map((rule) => [ruleKey(rule), savedRuleText(rule)]));
  // What is the same is spelled the same.
  const lineOf = (rule: SavedRule) => spelled.get(ruleKey(rule)) ?? savedRuleText(rule);
  const actual = (SHARED_CHAINS.has(chain) ? inOrderOf(wanted, found) : found).map(lineOf);
  return { family, table, chain, intended: wanted.map(lineOf), actual };
}

/** The rules that both sides have in the order of the one, and then the others. */
function inOrderOf(wanted: readonly SavedRule[], found: readonly SavedRule[]): readonly SavedRule[] {
  const places = new Map(wanted.map((rule, i) => [ruleKey(rule), i]));
  const placeOf = (rule: SavedRule) => places.get(ruleKey(rule)) ?? wanted.length;
  return found
    .map((rule) => ({ rule, place: placeOf(rule) }))
    .sort((a, b) => a.place - b.place)
    .map(({ rule }) => rule);
}
