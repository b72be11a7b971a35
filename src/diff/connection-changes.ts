/**
 * Changes for connections that are open already. In: observations of new connections, and the tracers. Out: packets of such
 * connections that the host drops or refuses, in the client's direction.
 */
import { addFractions, compareFractions, type Fraction, formatFraction, ZERO } from '../trace/fraction.ts';
import type { Change } from './change.ts';
import { shownPacket } from './delivery-changes.ts';
import { deliveredShare } from './fate.ts';
import { type Observation, type Tracers, UNNAMED_DEVICES } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import { addressText, connections, verb } from './wording.ts';

/** Of the packets to one service port so many are followed again, as those of open connections. */
const MOST_ASKED = 6;

export function connectionChanges(
  observations: readonly Observation[],
  tracers: Tracers,
  facts: PortFacts,
): readonly Change[] {
  const asked = observations.filter(
    ({ probe, intended }) => probe.client.kind !== 'endpoint' && deliveredShare(intended).numerator > 0n,
  );
  for (const each of asked.slice(0, MOST_ASKED)) {
    const { probe } = each;
    const lost = lostShare(each, tracers);
    if (lost.numerator === 0n) continue;
    const where = addressText(probe.to, facts.info);
    const consequence = `${connections(lost, 'open connection')} to ${where} ${verb(lost, 'breaks', 'break')}: further packets are dropped or refused`;
    return [
      { kind: 'connections-broken', actual: formatFraction(lost), consequence, packet: shownPacket([each]) },
    ];
  }
  return [];
}

function lostShare({ probe, intended }: Observation, tracers: Tracers): Fraction {
  let lost = ZERO;
  for (const { verdict, fraction } of intended.outcomes) {
    if (verdict.kind !== 'delivered') continue;
    const { destination, source } = verdict;
    const packet = {
      ...probe.packet,
      connection: 'ESTABLISHED' as const,
      translation: { destination, source },
    };
    const passes = (side: 'intended' | 'actual') =>
      tracers
        .trace(side, packet, UNNAMED_DEVICES)
        .every((outcome) => outcome.verdict.kind === 'delivered' || outcome.verdict.kind === 'cannot-tell');
    if (passes('intended') && !passes('actual')) lost = addFractions(lost, fraction);
  }
  return compareFractions(lost, ZERO) > 0 ? lost : ZERO;
}
