/**
 * Changes in what source address endpoints see. In: observations of one service port. Out: masquerading that is lost, with
 * which replies bypass the node, or added, with which the client's address is hidden.
 */
import {
  addFractions,
  compareFractions,
  type Fraction,
  formatFraction,
  subtractFractions,
  ZERO,
} from '../trace/fraction.ts';
import type { Change } from './change.ts';
import { shownPacket } from './delivery-changes.ts';
import type { Observation } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import type { ClientKind } from './probes.ts';
import { addressText, connections, fromClients, verb } from './wording.ts';

interface Case {
  readonly kind: 'masquerade-lost' | 'masquerade-added';
  readonly client: ClientKind;
  readonly share: Fraction;
  readonly seen: Observation[];
}

export function sourceChanges(observations: readonly Observation[], facts: PortFacts): readonly Change[] {
  const cases = new Map<string, Case>();
  for (const each of observations) {
    if (each.same || each.intended.unknown.length + each.actual.unknown.length > 0) continue;
    const client = each.probe.client.kind;
    for (const kind of ['masquerade-lost', 'masquerade-added'] as const) {
      const share = changedShare(each, kind);
      if (share.numerator === 0n) continue;
      const key = `${kind} ${client === 'endpoint' ? 'endpoint' : ''}`;
      const known = cases.get(key) ?? { kind, client, share, seen: [] };
      known.seen.push(each);
      cases.set(key, known);
    }
  }
  return [...cases.values()].map((each) => describe(each, facts, observations));
}

/** Of endpoints that both sides reach. An endpoint as client is asked only for what comes back to itself. */
function changedShare({ probe, intended, actual }: Observation, kind: Case['kind']): Fraction {
  let sum = ZERO;
  const [more, less] = kind === 'masquerade-lost' ? [intended, actual] : [actual, intended];
  for (const [socket, before] of more.endpoints) {
    const after = less.endpoints.get(socket);
    if (after === undefined) continue;
    if (probe.client.kind === 'endpoint' && !isAt(socket, probe.client.address)) continue;
    // Where the shares themselves have changed, only the whole counts.
    const [there, here] =
      compareFractions(before.share, after.share) === 0
        ? [before.masqueraded, after.masqueraded]
        : [whole(before), whole(after)];
    if (compareFractions(there, here) > 0) sum = addFractions(sum, subtractFractions(there, here));
  }
  return sum;
}

function whole({
  share,
  masqueraded,
}: {
  readonly share: Fraction;
  readonly masqueraded: Fraction;
}): Fraction {
  return compareFractions(share, masqueraded) === 0 ? share : ZERO;
}

function isAt(socket: string, address: string): boolean {
  return socket.startsWith(address.includes(':') ? `[${address}]:` : `${address}:`);
}

function describe(
  { kind, client, share, seen }: Case,
  facts: PortFacts,
  all: readonly Observation[],
): Change {
  const first = seen[0] as Observation;
  const clients = fromClients(
    seen.map(({ probe }) => probe),
    all.map(({ probe }) => probe),
  );
  const where = addressText(first.probe.to, facts.info);
  const which = `${connections(share)}${clients} to ${where}`;
  const shown = { client, actual: formatFraction(share), packet: shownPacket(seen) };
  if (kind === 'masquerade-added') {
    const consequence = `${which} ${verb(share, 'is', 'are')} masqueraded: endpoints see the node's address, the client's is lost`;
    return { kind, ...shown, consequence };
  }
  const consequence =
    client === 'endpoint'
      ? `${which} ${verb(share, 'comes', 'come')} back to the endpoint with its own address as the source: its answers bypass the node and the connections hang`
      : `${which} ${verb(share, 'is', 'are')} not masqueraded: replies bypass the node and the connections hang`;
  return { kind, ...shown, consequence };
}
