/**
 * The rules of a chain, ready to be matched and found without looking at each. In: a chain's rules. Out: the same with
 * networks as bytes, and which of them can match a packet at all.
 *
 * The kernel looks at one rule after the other; KUBE-SERVICES has ten thousand of them, nearly all for one address each.
 */
import type { SavedRule } from '../../backends/iptables/saved.ts';
import { formatIP, type IPBytes, parseIP } from '../../shared/ip.ts';
import type { State } from '../state.ts';

export interface PreparedRule {
  readonly rule: SavedRule;
  readonly source: Network | undefined;
  readonly destination: Network | undefined;
  /** The matches that say nothing (comments, counters) are left out. */
  readonly matches: SavedRule['matches'];
  /** A match draws at random or remembers something: its place among the others counts. */
  readonly ordered: boolean;
}

export type Network =
  | { readonly kind: 'network'; readonly base: IPBytes; readonly mask: IPBytes; readonly negated: boolean }
  | { readonly kind: 'unreadable'; readonly text: string };

export interface IndexedRules {
  readonly rules: readonly PreparedRule[];
  /** Whether to ask `candidates` for each destination. */
  readonly indexed: boolean;
  /** The rules, by their place in the chain and in order, that can match a packet with a state's destination. */
  readonly candidates: (state: State) => readonly number[];
}

/** Matches that every packet passes, however they are spelled. */
const SILENT: ReadonlySet<string> = new Set(['comment', 'nfacct']);

/** Shorter chains are walked as they are. */
const SHORTEST_INDEXED = 16;

export function indexRules(rules: readonly SavedRule[]): IndexedRules {
  const prepared = rules.map(prepareRule);
  const all = prepared.map((_, place) => place);
  if (prepared.length < SHORTEST_INDEXED) return { rules: prepared, indexed: false, candidates: () => all };
  const byKey = new Map<string, number[]>();
  for (const [place, rule] of prepared.entries()) {
    const key = indexKey(rule);
    const places = byKey.get(key);
    if (places === undefined) byKey.set(key, [place]);
    else places.push(place);
  }
  const rest = byKey.get('') ?? [];
  if (rest.length === prepared.length) return { rules: prepared, indexed: false, candidates: () => all };
  const candidates = ({ destination, destinationPort }: State): readonly number[] => {
    const keys = [`to ${formatIP(destination)}`, `port ${destinationPort}`];
    const found = keys.flatMap((key) => byKey.get(key) ?? []);
    return found.length === 0 ? rest : [...rest, ...found].sort((a, b) => a - b);
  };
  return { rules: prepared, indexed: true, candidates };
}

function prepareRule(rule: SavedRule): PreparedRule {
  const matches = rule.matches.filter(
    (match) => !SILENT.has(match.kind === 'unknown' ? match.module : match.kind),
  );
  return {
    rule,
    source: rule.source && readNetwork(rule.source.network, rule.source.negated === true),
    destination: rule.destination && readNetwork(rule.destination.network, rule.destination.negated === true),
    matches,
    ordered: matches.some(({ kind }) => kind === 'random' || kind === 'recent'),
  };
}

/** A rule with such a key matches only packets with it; all others have none. */
function indexKey({ destination, matches }: PreparedRule): string {
  if (
    destination?.kind === 'network' &&
    !destination.negated &&
    destination.mask.every((bits) => bits === 255)
  ) {
    return `to ${formatIP(destination.base)}`;
  }
  // Matches that remember something do so before the ports are looked at, if they stand there first.
  const match = matches[0];
  if (match?.kind !== 'transport' || match.destinationPort === undefined) return '';
  const { first, last, negated } = match.destinationPort;
  return first === last && negated !== true ? `port ${first}` : '';
}

/** `10.0.0.0/8`, an address alone, and masks that are no prefix: `10.0.0.1/255.0.0.255`. */
function readNetwork(text: string, negated: boolean): Network {
  const [address = '', prefix] = text.split('/');
  const base = parseIP(address);
  const mask = base && (prefix === undefined ? base.map(() => 255) : readMask(prefix, base.length));
  if (base === undefined || mask === undefined || text.split('/').length > 2)
    return { kind: 'unreadable', text };
  return { kind: 'network', base: base.map((byte, i) => byte & (mask[i] as number)), mask, negated };
}

function readMask(text: string, length: number): IPBytes | undefined {
  if (!/^\d{1,3}$/.test(text)) {
    const mask = parseIP(text);
    return mask?.length === length ? mask : undefined;
  }
  const bits = Number(text);
  if (bits > 8 * length) return undefined;
  return new Uint8Array(length).map((_, i) => (0xff << (8 - Math.min(8, Math.max(0, bits - 8 * i)))) & 0xff);
}
