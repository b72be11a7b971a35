/**
 * Printed rulesets that are kept, so that a change of a few service ports costs as much as it changes.
 *
 * In: a ruleset, and one printed before. Out: the texts of its chains, those of service ports that are the same objects in
 * both taken over; the whole text; and which lines have changed. For a single compilation `print.ts` is faster.
 */
import { compareStrings } from '../../shared/ordering.ts';
import { difference, placesBefore, replaced } from '../../shared/sorted-lists.ts';
import type { RuleChange } from '../backend.ts';
import { BUILTIN_CHAINS, type Chain, syncChain } from '../iptables-chain.ts';
import { chainText, type Spelling } from '../print-chain.ts';
import type { Ruleset, Table } from './ruleset.ts';
import type { PlannedServicePort } from './service-plan.ts';

export interface PrintedRuleset {
  readonly ruleset: Ruleset;
  readonly spelling: Spelling;
  readonly tables: readonly PrintedTable[];
}

interface PrintedTable {
  readonly table: Table;
  /** Those that the spelling includes. */
  readonly fixed: readonly PrintedChain[];
  readonly shared: readonly PrintedSharedChain[];
  /** Of service ports' own, sorted by name. */
  readonly own: readonly PrintedChain[];
}

interface PrintedChain {
  readonly name: string;
  readonly text: string;
}

interface PrintedSharedChain {
  readonly name: string;
  /** For each service port, in their order, the text of its rules. */
  readonly texts: readonly string[];
  readonly tail: string;
}

/** @param previous another ruleset's, made for the same node with the same configuration and release */
export function printKept(ruleset: Ruleset, spelling: Spelling, previous?: PrintedRuleset): PrintedRuleset {
  const before = previous?.ruleset.servicePorts ?? [];
  const places = placesBefore(before, ruleset.servicePorts, byName);
  const changed = difference(before, ruleset.servicePorts, byName);
  const tables = ruleset.tables.map((table, t): PrintedTable => {
    const known = previous?.tables[t];
    const print = (chain: Chain): PrintedChain => ({
      name: chain.name,
      text: chainText(chain, ruleset.family, spelling),
    });
    const rulesText = (name: string, rules: Chain['rules']) => print(syncChain(name, rules)).text;
    const shared = table.shared.map(({ name, rulesOf, tail }, s): PrintedSharedChain => {
      const knownTexts = known?.shared[s]?.texts ?? [];
      const textOf = (port: PlannedServicePort, p: number) =>
        knownTexts[places[p] as number] ?? rulesText(name, rulesOf(port));
      return { name, texts: ruleset.servicePorts.map(textOf), tail: rulesText(name, tail) };
    });
    const ownOf = (ports: readonly PlannedServicePort[], from: Table) =>
      ports.flatMap((port) => [...from.ownChains(port)].map(print)).sort(byName);
    return {
      table,
      fixed: table.fixed.filter(spelling.includes).map(print),
      shared,
      own: replaced(
        known?.own ?? [],
        known === undefined ? [] : ownOf(changed.removed, known.table),
        ownOf(changed.added, table),
        byName,
      ),
    };
  });
  return { ruleset, spelling, tables };
}

interface Named {
  readonly name: string;
}

function byName(a: Named | PlannedServicePort, b: Named | PlannedServicePort): number {
  return compareStrings(nameOf(a), nameOf(b));
}

function nameOf(item: Named | PlannedServicePort): string {
  return 'name' in item ? item.name : item.servicePort.name;
}

/** Texts are handed on in pieces of about this many characters. */
const PIECE = 1 << 18;

/** The same text as `print.ts` makes of the ruleset. */
export function* keptText({ tables }: PrintedRuleset): Generator<string> {
  for (const printed of tables) {
    const chains = sortedChains(printed);
    if (chains.length === 0) continue;
    const builtin = BUILTIN_CHAINS[printed.table.name];
    let piece = `*${printed.table.name}\n`;
    for (const { name } of chains) piece += `:${name} ${builtin.includes(name) ? 'ACCEPT' : '-'} [0:0]\n`;
    for (const { text } of chains) {
      piece += text;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
    yield `${piece}COMMIT\n`;
  }
}

function sortedChains({ table, fixed, shared, own }: PrintedTable): readonly PrintedChain[] {
  const builtin = BUILTIN_CHAINS[table.name];
  const isBuiltin = ({ name }: PrintedChain) => builtin.includes(name);
  const others = [...fixed.filter((chain) => !isBuiltin(chain)), ...shared.map(wholeChain)];
  return [...fixed.filter(isBuiltin), ...replaced(own, [], others.sort(byName), byName)];
}

function wholeChain({ name, texts, tail }: PrintedSharedChain): PrintedChain {
  return { name, text: texts.join('') + tail };
}

/**
 * The chains that differ.
 * @param before absent where there was nothing
 */
export function* changedChains(
  before: PrintedRuleset | undefined,
  after: PrintedRuleset,
): Generator<RuleChange> {
  const { family, servicePorts } = after.ruleset;
  const known = before?.ruleset.servicePorts ?? [];
  const made = placesOf(placesBefore(known, servicePorts, byName), -1);
  const gone = placesOf(placesBefore(servicePorts, known, byName), -1);
  for (const [t, now] of after.tables.entries()) {
    const old = before?.tables[t];
    const table = now.table.name;
    const found = [
      ...ownChanges(sorted(old?.fixed ?? []), sorted(now.fixed)),
      ...ownChanges(old?.own ?? [], now.own),
      ...now.shared.flatMap((chain, s) => sharedChanges(old?.shared[s], gone, chain, made)),
    ];
    for (const change of found) yield { family, table, ...change };
  }
}

function placesOf(values: readonly number[], value: number): readonly number[] {
  const places: number[] = [];
  for (let at = values.indexOf(value); at >= 0; at = values.indexOf(value, at + 1)) places.push(at);
  return places;
}

type ChainChange = Pick<RuleChange, 'chain' | 'before' | 'after'>;

/** Chains that come, go, or are others now. */
function ownChanges(before: readonly PrintedChain[], after: readonly PrintedChain[]): ChainChange[] {
  const { removed, added } = difference(before, after, byName);
  const changes: ChainChange[] = [];
  const left = new Map(removed.map((chain) => [chain.name, chain]));
  for (const { name, text } of added) {
    const was = left.get(name)?.text;
    left.delete(name);
    if (was !== text) changes.push({ chain: name, before: linesOf(was), after: linesOf(text) });
  }
  for (const { name, text } of left.values()) {
    changes.push({ chain: name, before: linesOf(text), after: undefined });
  }
  return changes;
}

/** Only the rules of service ports that have gone or come; the tail depends on none. */
function sharedChanges(
  before: PrintedSharedChain | undefined,
  gone: readonly number[],
  after: PrintedSharedChain,
  made: readonly number[],
): ChainChange[] {
  const chain = after.name;
  if (before === undefined) return [{ chain, before: undefined, after: linesOf(wholeChain(after).text) }];
  const old = new Set([before.tail, ...gone.map((p) => before.texts[p] as string)]);
  const now = new Set([after.tail, ...made.map((p) => after.texts[p] as string)]);
  const lost = [...old].filter((text) => !now.has(text)).join('');
  const found = [...now].filter((text) => !old.has(text)).join('');
  return lost === found ? [] : [{ chain, before: linesOf(lost), after: linesOf(found) }];
}

function sorted(chains: readonly PrintedChain[]): readonly PrintedChain[] {
  return [...chains].sort(byName);
}

function linesOf(text: string | undefined): readonly string[] | undefined {
  return text?.split('\n').slice(0, -1);
}
