/**
 * Whether the values of a packet are what a rule asks for. In: values, and a match or a set. Out: yes, no, or why nobody can
 * tell; with the element that has them. Mirrors `nft_cmp`, `nft_lookup` and `nft_range`.
 */
import type { ListedElement, ListedExpression } from '../../backends/nftables/listed.ts';
import type { State } from '../state.ts';
import { type Truth, unknown } from '../truth.ts';
import { type Found, type Keyed, keyOf, type PacketValue } from './element-index.ts';
import { typeOf } from './key-parts.ts';
import type { Lookup, PreparedStatement } from './prepared.ts';
import { memoryOf } from './set-memory.ts';

export interface Tested {
  readonly truth: Truth;
  readonly element?: ListedElement;
}

export function testMatch(
  { listed, lookup }: Extract<PreparedStatement, { kind: 'match' }>,
  parts: readonly PacketValue[],
  state: State,
): Tested {
  const { left, operator, right } = listed;
  if (lookup === undefined) {
    const what =
      right.kind === 'set'
        ? `there is no set ${right.name}`
        : `${right.kind === 'unknown' ? right.text : ''} is not understood`;
    return { truth: unknown(what) };
  }
  if (operator !== '==' && operator !== '!=') return { truth: compare(listed, parts) };
  const found = lookUp(lookup, left, parts, state);
  if (found.kind === 'unknown') return { truth: unknown(found.reason) };
  const isIn = found.kind === 'found';
  const truth = isIn === (operator === '==');
  const element = isIn && isListedElement(found.element) ? found.element : undefined;
  return element === undefined || !truth ? { truth } : { truth, element };
}

export function isListedElement(element: Keyed | ListedElement): element is ListedElement {
  return 'kind' in element;
}

/** Also what a dynamic set has come to know of the packet's connections since, and elements that may be spent. */
export function lookUp<E extends Keyed>(
  { index, set }: Lookup<E>,
  key: ListedExpression,
  parts: readonly PacketValue[],
  state: State,
): Found<E | Keyed> {
  const found = index().find(parts);
  if (found.kind === 'found') {
    const { element } = found;
    const spent = isListedElement(element) && (element.statements?.length ?? 0) > 0;
    if (!spent) return found;
    return {
      kind: 'unknown',
      reason: 'what the element still lets through is unknown',
      candidates: [element],
    };
  }
  if (found.kind === 'unknown' || set === undefined || !set.flags.includes('dynamic')) return found;
  const age = state.recent.get(memoryOf(set.name, key, parts));
  const { timeoutSeconds } = set;
  return age !== undefined && (timeoutSeconds === undefined || age < timeoutSeconds)
    ? { kind: 'found', element: { key: [] } }
    : found;
}

/** `<`, `>`, `<=`, `>=` */
function compare(
  { left, operator, right }: Extract<PreparedStatement, { kind: 'match' }>['listed'],
  [value]: readonly PacketValue[],
): Truth {
  const operand = right.kind === 'values' ? right.values[0]?.[0] : undefined;
  const bound = operand?.kind === 'word' ? keyOf(typeOf(left), operand.word) : undefined;
  if (value?.kind === 'unknown') return unknown(value.reason);
  if (value?.kind !== 'known' || bound === undefined || value.key.length !== bound.length) {
    return unknown(`the comparison ${operator} is not understood`);
  }
  const { key } = value;
  if (key === bound) return operator === '<=' || operator === '>=';
  return key < bound === operator.startsWith('<');
}
