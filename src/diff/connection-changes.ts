/**
 * Changes for connections that are open already. In: observations of new connections, and the tracers. Out: packets of such
 * connections that the host drops or refuses, in the client's direction.
 */
import { addFractions, type Fraction, formatFraction, ZERO } from '../trace/fraction.ts';
import type { Change } from './change.ts';
import { shownPacket } from './delivery-changes.ts';
import { deliveredShare } from './fate.ts';
import { type Observation, type Tracers, UNNAMED_DEVICES } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import { addressText, connections, verb } from './wording.ts';

/** Of the packets to one service port so many are followed again, as those of open connections. */
const MOST_ASKED = 6;

export interface ConnectionChanges {
  readonly changes: readonly Change[];
  /** Of packets of open connections. */
  readonly observations: readonly Observation[];
}

export function connectionChanges(
  observations: readonly Observation[],
  tracers: Tracers,
  facts: PortFacts,
): ConnectionChanges {
  const asked = observations.filter(
    ({ probe, intended }) => probe.client.kind !== 'endpoint' && deliveredShare(intended).numerator > 0n,
  );
  for (const each of asked.slice(0, MOST_ASKED)) {
    const lost = lostConnections(each, tracers);
    const [first] = lost;
    if (first === undefined) continue;
    const share = lost.reduce((sum, { fraction }) => addFractions(sum, fraction), ZERO);
    const where = addressText(each.probe.to, facts.info);
    const consequence = `${connections(share, 'open connection')} to ${where} ${verb(share, 'breaks', 'break')}: further packets are dropped or refused`;
    const packet = shownPacket([each]);
    return {
      changes: [{ kind: 'connections-broken', actual: formatFraction(share), consequence, packet }],
      observations: [first.observation],
    };
  }
  return { changes: [], observations: [] };
}

interface LostConnection {
  readonly fraction: Fraction;
  readonly observation: Observation;
}

/** Those whose first packet would be delivered, and whose next ones are not. */
function lostConnections({ probe, intended }: Observation, tracers: Tracers): readonly LostConnection[] {
  return intended.outcomes.flatMap(({ verdict, fraction }): LostConnection[] => {
    if (verdict.kind !== 'delivered') return [];
    const translation = { destination: verdict.destination, source: verdict.source };
    const packet = { ...probe.packet, connection: 'ESTABLISHED' as const, translation };
    const observation = tracers.observe({ ...probe, packet }, () => true, UNNAMED_DEVICES);
    const isLost = observation.actual.dropped.numerator > 0n || observation.actual.rejected.numerator > 0n;
    const isMeant =
      observation.intended.dropped.numerator > 0n || observation.intended.rejected.numerator > 0n;
    return isLost && !isMeant ? [{ fraction, observation }] : [];
  });
}
