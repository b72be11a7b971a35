/**
 * Changes in what source address endpoints see. In: observations of one service port. Out: masquerading that is lost, with
 * which replies bypass the node, or added, with which the client's address is hidden.
 */
import {
  addFractions,
  compareFractions,
  type Fraction,
  formatFraction,
  multiplyFractions,
  subtractFractions,
  ZERO,
} from '../trace/fraction.ts';
import type { Change } from './change.ts';
import { shownPacket } from './delivery-changes.ts';
import type { Observation } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import type { ClientKind } from './probes.ts';
import { addressText, connections, fromClients, listed, verb } from './wording.ts';

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
    const change = changedShare(each);
    if (change === undefined) continue;
    const client = each.probe.client.kind;
    // An endpoint meets itself alike at every address of its Service.
    const key = `${change.kind} ${client === 'endpoint' ? 'endpoint' : placeOf(each)}`;
    const known = cases.get(key) ?? { ...change, client, seen: [] };
    known.seen.push(each);
    cases.set(key, known);
  }
  return describeAlike([...cases.values()], facts, observations);
}

/** One node address stands for all. */
function placeOf({ probe: { to } }: Observation): string {
  return to.kind === 'node-port' ? 'node-port' : to.address;
}

/** Of endpoints that both sides reach. An endpoint as client is asked only for what comes back to itself. */
function changedShare({ probe, intended, actual }: Observation): Pick<Case, 'kind' | 'share'> | undefined {
  let [lost, added] = [ZERO, ZERO];
  for (const [socket, before] of intended.endpoints) {
    const after = actual.endpoints.get(socket);
    if (after === undefined) continue;
    if (probe.client.kind === 'endpoint' && !isAt(socket, probe.client.address)) continue;
    // The shares of endpoints may differ too: what counts is how much of each is masqueraded.
    const expected = divide(multiplyFractions(before.masqueraded, after.share), before.share);
    const order = compareFractions(expected, after.masqueraded);
    if (order > 0) lost = addFractions(lost, subtractFractions(expected, after.masqueraded));
    if (order < 0) added = addFractions(added, subtractFractions(after.masqueraded, expected));
  }
  if (lost.numerator > 0n) return { kind: 'masquerade-lost', share: lost };
  return added.numerator > 0n ? { kind: 'masquerade-added', share: added } : undefined;
}

function divide(a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator };
}

function isAt(socket: string, address: string): boolean {
  return socket.startsWith(address.includes(':') ? `[${address}]:` : `${address}:`);
}

/** One change for all addresses at which the same happens to the same clients. */
function describeAlike(
  cases: readonly Case[],
  facts: PortFacts,
  all: readonly Observation[],
): readonly Change[] {
  const alike = new Map<
    string,
    { readonly first: Case; readonly clients: string; readonly places: Set<string> }
  >();
  for (const each of cases) {
    const here = all.filter((other) => placeOf(other) === placeOf(each.seen[0] as Observation));
    const clients = fromClients(
      each.seen.map(({ probe }) => probe),
      here.map(({ probe }) => probe),
    );
    const key = `${each.kind} ${clients} ${connections(each.share)}`;
    const known = alike.get(key) ?? { first: each, clients, places: new Set() };
    known.places.add(addressText((each.seen[0] as Observation).probe.to, facts.info));
    alike.set(key, known);
  }
  return [...alike.values()].map(({ first, clients, places }) =>
    describe(first, clients, listed([...places])),
  );
}

function describe({ kind, client, share, seen }: Case, clients: string, where: string): Change {
  const which = `${connections(share)}${clients} to ${where}`;
  const shown = { client, actual: formatFraction(share), packet: shownPacket(seen) };
  if (kind === 'masquerade-added') {
    const consequence = `${which} ${verb(share, 'is', 'are')} masqueraded: endpoints see the node's address, the client's is lost`;
    return { kind, ...shown, consequence };
  }
  const consequence =
    client === 'endpoint'
      ? `${which} ${verb(share, 'comes', 'come')} back to the endpoint with its own address as the source: its answers bypass the node and the connections hang`
      : `${which} ${verb(share, 'is', 'are')} not masqueraded: ${seen.every(isAnsweredHere) ? "endpoints see the client's own address" : 'replies bypass the node and the connections hang'}`;
  return { kind, ...shown, consequence };
}

/** Replies to the node's own addresses, and to its Pods, come by it in any case. */
function isAnsweredHere({ probe: { client, packet } }: Observation): boolean {
  return client.kind === 'pod' || (client.kind === 'node' && !packet.source.startsWith('127.'));
}
