/** States with the share of packets that are in them. In: states that a tracer follows. Out: equal ones added up. */
import { addFractions, type Fraction } from './fraction.ts';
import type { Trail } from './outcome.ts';
import type { State } from './state.ts';

export interface Weighted {
  readonly state: State;
  readonly share: Fraction;
  readonly trail: Trail | undefined;
}

/** Adds up the shares of equal states. */
export function mergeStates(batch: readonly Weighted[]): readonly Weighted[] {
  if (batch.length < 2) return batch;
  const merged = new Map<string, Weighted>();
  for (const each of batch) {
    const known = merged.get(each.state.key);
    const share = known === undefined ? each.share : addFractions(known.share, each.share);
    merged.set(each.state.key, { ...(known ?? each), share });
  }
  return [...merged.values()];
}
