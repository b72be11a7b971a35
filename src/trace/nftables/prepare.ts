/**
 * Makes a listing quick to walk, once for many packets. In: a ListedRuleset, and the host. Out: the base chains of each
 * family in the order in which they were made; chains and elements are read when a packet first comes to them.
 *
 * What could not be read becomes a rule that nobody can tell anything about, so that it is never passed over; so do chains at
 * the hooks ingress and egress of a device. Tables of the families arp and bridge are not followed.
 */
import type {
  ListedChain,
  ListedElement,
  ListedHook,
  ListedOperand,
  ListedProblem,
  ListedRule,
  ListedRuleset,
  ListedSet,
  ListedStatement,
  ListedTable,
} from '../../backends/nftables/listed.ts';
import type { HookPassage } from '../hooks.ts';
import { type Host, type PreparedHost, prepareHost } from '../packet.ts';
import { type ElementIndex, indexElements, type Keyed, type ValueType } from './element-index.ts';
import { partsOf, typeOf } from './key-parts.ts';
import type { Chain, Lookup, PreparedRule, PreparedSet, PreparedStatement, Table } from './prepared.ts';
import { hangChains, type Stage } from './stage.ts';

export interface PreparedListed {
  /** The first stage of a passage, by the family of a packet. */
  readonly stages: Readonly<Record<'ip' | 'ip6', (passage: HookPassage) => Stage>>;
  readonly host: PreparedHost;
}

/**
 * Prepares rules for `traceListed`.
 * @throws Error if the host has text that is no address or network.
 */
export function prepareListed(ruleset: ListedRuleset, host: Host): PreparedListed {
  const awake = ruleset.tables.filter(({ flags }) => !flags.includes('dormant'));
  const bases = (family: 'ip' | 'ip6'): readonly Chain[] => [
    ...awake
      .filter((table) => table.family === family || table.family === 'inet')
      .flatMap((table) => baseChains(table)),
    ...awake.flatMap(({ chains }) => chains.flatMap(deviceChain)),
    ...ruleset.problems.flatMap(unreadableChains),
  ];
  return { stages: { ip: hangChains(bases('ip')), ip6: hangChains(bases('ip6')) }, host: prepareHost(host) };
}

function baseChains(listed: ListedTable): readonly Chain[] {
  const table = readTable(listed);
  const lost = listed.others.filter(({ text }) => /^(table|chain)\b/.test(text));
  return [
    ...[...table.chains.values()].filter(({ base }) => base !== undefined),
    ...lost.flatMap(unreadableChains),
  ];
}

function readTable({ family, name, chains: listedChains, sets: listedSets }: ListedTable): Table {
  const chains = new Map<string, Chain>();
  const sets = new Map(listedSets.map((set) => [set.name, prepareSet(set)]));
  const table: Table = { label: `${family} ${name}`, chains, sets };
  for (const chain of listedChains) chains.set(chain.name, prepareChain(chain, table));
  return table;
}

function prepareChain({ name, hook: base, rules: listed }: ListedChain, table: Table): Chain {
  const rules = once(() => listed.map((rule) => prepareRule(rule, table)));
  return { name, table, base, rules };
}

function prepareSet(listed: ListedSet): PreparedSet {
  const indexes = new Map<string, ElementIndex<ListedElement>>();
  const index = (types: readonly ValueType[]) => {
    const key = types.join(' ');
    const known = indexes.get(key) ?? indexElements(listed.elements, types);
    indexes.set(key, known);
    return known;
  };
  return { listed, index };
}

function prepareRule(rule: ListedRule, table: Table): PreparedRule {
  return { rule, statements: rule.statements.map((statement) => prepareStatement(statement, rule, table)) };
}

function prepareStatement(listed: ListedStatement, rule: ListedRule, table: Table): PreparedStatement {
  switch (listed.kind) {
    case 'match': {
      const types = partsOf(listed.left).map(typeOf);
      return { kind: 'match', listed, lookup: operandLookup(listed.right, types, table) };
    }
    case 'vmap': {
      const { key, map } = listed;
      const types = partsOf(key).map(typeOf);
      const lookup =
        map.kind === 'named'
          ? namedLookup(map.name, types, table)
          : anonymousLookup(
              map.elements.map((element) => withPlace(element, rule)),
              types,
            );
      return { kind: 'vmap', listed, lookup };
    }
    default:
      return { kind: 'other', listed };
  }
}

/** So that a path can name it, as it does elements of named maps. */
function withPlace(
  element: Pick<ListedElement, 'key' | 'verdict'>,
  { line, table }: ListedRule,
): ListedElement {
  return { kind: 'nft-element', line, table, set: '', ...element };
}

function operandLookup(
  right: ListedOperand,
  types: readonly ValueType[],
  table: Table,
): Lookup<Keyed> | undefined {
  switch (right.kind) {
    case 'values':
      return anonymousLookup(
        right.values.map((key) => ({ key })),
        types,
      );
    case 'set':
      return namedLookup(right.name, types, table);
    case 'unknown':
      return undefined;
    default:
      return right satisfies never;
  }
}

function anonymousLookup<E extends Keyed>(elements: readonly E[], types: readonly ValueType[]): Lookup<E> {
  return { index: once(() => indexElements(elements, types)), set: undefined };
}

function namedLookup(
  name: string,
  types: readonly ValueType[],
  table: Table,
): Lookup<ListedElement> | undefined {
  const set = table.sets.get(name);
  return set && { index: () => set.index(types), set: set.listed };
}

/** Stands for a chain at a device: before or behind all others, for packets that come in or leave by it. */
function deviceChain({ name, line, hook, rules }: ListedChain): Chain[] {
  const isEmpty = rules.length === 0 && hook?.policy !== 'drop';
  if ((hook?.hook !== 'ingress' && hook?.hook !== 'egress') || isEmpty) return [];
  const [at, key, priority] =
    hook.hook === 'ingress'
      ? (['prerouting', 'iifname', -(2 ** 31)] as const)
      : (['postrouting', 'oifname', 2 ** 31 - 1] as const);
  const values = (hook.devices ?? []).map((word) => [{ kind: 'word', word }] as const);
  const device: ListedStatement = {
    kind: 'match',
    left: { kind: 'meta', key },
    operator: '==',
    right: { kind: 'values', values },
  };
  const base: ListedHook = { type: 'filter', hook: at, priority, policy: 'accept' };
  return [standIn(line, base, [device], `the chain ${name} at ${hook.hook}`)];
}

const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

/** Stand for chains that may be there: the tracer knows neither where they are asked nor what they do. */
function unreadableChains({ line, problem }: ListedProblem): readonly Chain[] {
  return HOOKS.map((hook) => {
    const base: ListedHook = { type: 'filter', hook, priority: 0, policy: 'accept' };
    return standIn(line, base, [], `the line that cannot be read (${problem})`);
  });
}

/** A base chain with one rule that may do anything to packets that pass its matches. */
function standIn(line: number, base: ListedHook, matches: readonly ListedStatement[], text: string): Chain {
  const name = `${base.hook} ${line}`;
  const table: Table = { label: '', chains: new Map(), sets: new Map() };
  const statements = [...matches, { kind: 'unknown', text } as const];
  const rule: ListedRule = { kind: 'nft-rule', line, table: '', chain: name, statements, text };
  return { name, table, base, rules: () => [prepareRule(rule, table)] };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
