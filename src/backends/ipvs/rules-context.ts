/** What the rules of mode ipvs ask for, and the rules that match an ipset. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { LocalTrafficDetector } from '../../proxy/local-traffic.ts';
import { comment, type Match, type Rule, type Target } from '../iptables-rule.ts';
import type { IPSet } from './ip-set.ts';
import type { ServiceEntries } from './service-entries.ts';

export interface RulesContext extends Pick<ServiceEntries, 'sets' | 'closedToNode'> {
  readonly family: IPFamily;
  /** One bit. */
  readonly mark: number;
  readonly masqueradeAll: boolean;
  readonly localTraffic: LocalTrafficDetector | undefined;
  readonly hasOutFilter: boolean;
}

type Dimension = 'src' | 'dst';

export function setMatch(set: IPSet, ...dimensions: readonly Dimension[]): Match {
  return { kind: 'set', set: set.name, dimensions };
}

/** No rule for a set without entries. */
export function setRule(
  set: IPSet,
  dimensions: readonly Dimension[],
  target: Target,
  rest: Omit<Rule, 'matches' | 'target'> & { readonly more?: readonly Match[] } = {},
): readonly Rule[] {
  if (set.entries.length === 0) return [];
  const { more = [], ...header } = rest;
  return [{ ...header, matches: [comment(set.comment), setMatch(set, ...dimensions), ...more], target }];
}
