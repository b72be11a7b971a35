/**
 * Traces a packet through the rules of a host of which not all may be known. In: its rules, the host's addresses as far as they
 * are known, and a packet. Out: outcomes, "cannot tell" where an address decides that nobody named.
 */
import { ONE } from './fraction.ts';
import { followRules, type NodeRules } from './node-rules.ts';
import { addShare, commonPart, type Distribution, listOutcomes, type Outcome } from './outcome.ts';
import type { Packet, RecentEntry } from './packet.ts';
import { stepFacts } from './step.ts';

export interface TracedHost {
  readonly rules: NodeRules;
  readonly addresses: readonly string[];
  /** Whether the addresses are all that the host has. */
  readonly addressesAreKnown: boolean;
}

export function traceOnHost(
  { rules, addresses, addressesAreKnown }: TracedHost,
  packet: Packet,
): readonly Outcome[] {
  const outcomes = followRules(rules, { addresses })(packet);
  if (addressesAreKnown || addresses.includes(packet.destination)) return outcomes;
  const local = followRules(rules, { addresses: [...addresses, packet.destination] })(packet);
  const { common, open } = commonPart(distributionOf(outcomes), distributionOf(local));
  if (open.numerator === 0n) return outcomes;
  const reason = `whether ${packet.destination} is an address of the host is unknown: --node-address names them`;
  addShare(common, open, { kind: 'cannot-tell', reason }, undefined);
  return listOutcomes(common);
}

/** Local delivery or not is no difference by itself: nothing but the rules is asked. */
function distributionOf(outcomes: readonly Outcome[]): Distribution {
  const distribution: Distribution = new Map();
  for (const { fraction, verdict, path } of outcomes) {
    const trail = path.reduce<Parameters<typeof addShare>[3]>(
      (before, step) => ({ step, before }),
      undefined,
    );
    const said = verdict.kind === 'delivered' ? { ...verdict, local: false } : verdict;
    addShare(distribution, fraction === ONE ? ONE : fraction, said, trail);
  }
  return distribution;
}

/** The affinity that a client has who was once sent the way of the first outcome; undefined where none is kept. */
export function affinityOf(outcomes: readonly Outcome[], secondsAgo: number): RecentEntry | undefined {
  const [list] = (outcomes[0]?.path ?? []).flatMap((step) => stepFacts(step).remembers);
  return list === undefined ? undefined : { list, secondsAgo };
}
