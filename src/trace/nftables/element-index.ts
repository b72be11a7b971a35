/**
 * Elements of sets and maps, found without looking at each. In: elements, and what each part of their keys is. Out: the one
 * that a packet's values lead to. kube-proxy's maps have an element for each address of each Service.
 */
import type { ListedValue } from '../../backends/nftables/listed.ts';
import { type IPBytes, lastAddress, parseCIDR, parseIP } from '../../shared/ip.ts';
import { both, type Truth, unknown } from '../truth.ts';

/** What a part of a key is; it says which spellings are the same, and how values are ordered. */
export type ValueType = 'address' | 'number' | 'protocol' | 'name' | 'word';

/** What a packet has for an expression, in the spelling of `keyOf`. */
export type PacketValue =
  | { readonly kind: 'known'; readonly key: string }
  /** Several words at once, such as those of `ct status`. */
  | { readonly kind: 'flags'; readonly has: (key: string) => Truth }
  | { readonly kind: 'unknown'; readonly reason: string; readonly mayBe: (key: string) => boolean }
  /** The packet has no such thing: the rule does not match. */
  | { readonly kind: 'none' };

/** A part of an element's key. */
type Atom =
  | { readonly kind: 'exact'; readonly key: string }
  | { readonly kind: 'span'; readonly first: string; readonly last: string }
  | { readonly kind: 'beginning'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly text: string };

export interface Keyed {
  readonly key: readonly ListedValue[];
}

export type Found<E> =
  | { readonly kind: 'found'; readonly element: E }
  | { readonly kind: 'absent' }
  /** One of the candidates, or none of them. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly candidates: readonly E[] };

export interface ElementIndex<E> {
  readonly find: (parts: readonly PacketValue[]) => Found<E>;
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    icmp: 1,
    igmp: 2,
    ipencap: 4,
    tcp: 6,
    udp: 17,
    dccp: 33,
    ipv6: 41,
    gre: 47,
    esp: 50,
    ah: 51,
    icmpv6: 58,
    'ipv6-icmp': 58,
    comp: 108,
    sctp: 132,
    udplite: 136,
  }).map(([name, number]) => [name, padNumber(`${number}`)]),
);

function padNumber(digits: string): string {
  return digits.padStart(10, '0');
}

export function addressKey(address: IPBytes): string {
  let key = '';
  for (const byte of address) key += (byte + 256).toString(16).slice(1);
  return key;
}

/** The same for all spellings of a value, and in its order; undefined for what is not understood. */
export function keyOf(type: ValueType, word: string): string | undefined {
  switch (type) {
    case 'address': {
      const address = parseIP(word);
      return address && addressKey(address);
    }
    case 'number':
      return numberKey(word);
    case 'protocol':
      return PROTOCOLS.get(word) ?? numberKey(word);
    case 'name':
    case 'word':
      return word;
    default:
      return type satisfies never;
  }
}

function numberKey(word: string): string | undefined {
  if (/^\d{1,10}$/.test(word)) return padNumber(word.replace(/^0+(?=\d)/, ''));
  return /^0x[0-9a-f]{1,8}$/i.test(word) ? padNumber(`${Number(word)}`) : undefined;
}

function readAtom(type: ValueType, value: ListedValue): Atom {
  switch (value.kind) {
    case 'word': {
      const key = keyOf(type, value.word);
      return key === undefined ? { kind: 'unreadable', text: value.word } : { kind: 'exact', key };
    }
    case 'prefix':
      return readPrefix(type, value.text);
    case 'range': {
      const [first, last] = [keyOf(type, value.first), keyOf(type, value.last)];
      return first === undefined || last === undefined
        ? { kind: 'unreadable', text: `${value.first}-${value.last}` }
        : { kind: 'span', first, last };
    }
    default:
      return value satisfies never;
  }
}

function readPrefix(type: ValueType, text: string): Atom {
  if (type === 'name' && text.endsWith('*')) return { kind: 'beginning', text: text.slice(0, -1) };
  const cidr = type === 'address' ? parseCIDR(text) : undefined;
  if (cidr === undefined) return { kind: 'unreadable', text };
  return { kind: 'span', first: addressKey(cidr.network), last: addressKey(lastAddress(cidr)) };
}

function testAtom(atom: Atom, value: PacketValue): Truth {
  if (value.kind === 'none') return false;
  if (atom.kind === 'unreadable') return unknown(`${JSON.stringify(atom.text)} is not understood`);
  if (value.kind === 'unknown') {
    return atom.kind === 'exact' && !value.mayBe(atom.key) ? false : unknown(value.reason);
  }
  if (value.kind === 'flags') {
    return atom.kind === 'exact' ? value.has(atom.key) : unknown('flags have no order');
  }
  return atomHas(atom, value.key);
}

function atomHas(atom: Exclude<Atom, { kind: 'unreadable' }>, key: string): boolean {
  switch (atom.kind) {
    case 'exact':
      return atom.key === key;
    case 'span':
      return key.length === atom.first.length && key >= atom.first && key <= atom.last;
    case 'beginning':
      return key.startsWith(atom.text);
    default:
      return atom satisfies never;
  }
}

interface Entry<E> {
  readonly atoms: readonly Atom[];
  readonly element: E;
}

/** `*` stands for everything that no other element has. */
function isCatchAll({ key }: Keyed): boolean {
  return key.length === 1 && key[0]?.kind === 'word' && key[0].word === '*';
}

export function indexElements<E extends Keyed>(
  elements: readonly E[],
  types: readonly ValueType[],
): ElementIndex<E> {
  const exact = new Map<string, E>();
  const spans: Entry<E>[] = [];
  const unreadable: Entry<E>[] = [];
  const catchAll = elements.find(isCatchAll);
  for (const element of elements) {
    if (element === catchAll) continue;
    const atoms = readAtoms(element, types);
    if (atoms.every((atom) => atom.kind === 'exact'))
      exact.set(atoms.map(({ key }) => key).join(' '), element);
    else (atoms.some(({ kind }) => kind === 'unreadable') ? unreadable : spans).push({ atoms, element });
  }
  const findSpan = spanFinder(spans, types);
  const absent: Found<E> = catchAll === undefined ? { kind: 'absent' } : { kind: 'found', element: catchAll };
  const find = (parts: readonly PacketValue[]): Found<E> => {
    const keys = knownKeys(parts);
    const whole = keys && unreadable.length === 0;
    const element = keys && (exact.get(keys.join(' ')) ?? findSpan(keys));
    if (element !== undefined) return { kind: 'found', element };
    return whole === true ? absent : search(elements, types, parts, absent);
  };
  return { find };
}

function readAtoms({ key }: Keyed, types: readonly ValueType[]): readonly Atom[] {
  if (key.length !== types.length) return [{ kind: 'unreadable', text: `a key of ${key.length} parts` }];
  return key.map((value, i) => readAtom(types[i] as ValueType, value));
}

function knownKeys(parts: readonly PacketValue[]): readonly string[] | undefined {
  const keys: string[] = [];
  for (const part of parts) {
    if (part.kind !== 'known') return undefined;
    keys.push(part.key);
  }
  return keys;
}

/** Intervals of one part do not overlap, so one at most can have a value; of several parts, each is looked at. */
function spanFinder<E>(
  spans: readonly Entry<E>[],
  types: readonly ValueType[],
): (keys: readonly string[]) => E | undefined {
  const ordered = types.length === 1 && spans.every(({ atoms }) => atoms[0]?.kind === 'span');
  if (!ordered) {
    return (keys) =>
      spans.find(({ atoms }) =>
        atoms.every((atom, i) => atom.kind !== 'unreadable' && atomHas(atom, keys[i] as string)),
      )?.element;
  }
  const firstOf = ({ atoms: [atom] }: Entry<E>) => (atom?.kind === 'span' ? atom.first : '');
  const sorted = spans.toSorted((a, b) => (firstOf(a) < firstOf(b) ? -1 : 1));
  return ([key = '']) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firstOf(sorted[middle] as Entry<E>) <= key) low = middle + 1;
      else high = middle;
    }
    const entry = sorted[low - 1];
    const atom = entry?.atoms[0];
    return atom?.kind === 'span' && atomHas(atom, key) ? entry?.element : undefined;
  };
}

/** Looks at each element, for packets of which not all is known. */
function search<E extends Keyed>(
  elements: readonly E[],
  types: readonly ValueType[],
  parts: readonly PacketValue[],
  absent: Found<E>,
): Found<E> {
  if (parts.some(({ kind }) => kind === 'none')) return { kind: 'absent' };
  const candidates: E[] = [];
  let reason: string | undefined;
  for (const element of elements) {
    if (isCatchAll(element)) continue;
    const atoms = readAtoms(element, types);
    let truth: Truth = true;
    for (const [i, atom] of atoms.entries()) {
      truth = both(truth, testAtom(atom, parts[i] ?? { kind: 'none' }));
    }
    if (truth === true) return { kind: 'found', element };
    if (truth === false) continue;
    candidates.push(element);
    reason ??= truth.reason;
  }
  if (reason === undefined) return absent;
  if (absent.kind === 'found') candidates.push(absent.element);
  return { kind: 'unknown', reason, candidates };
}
