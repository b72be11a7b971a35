/**
 * Changes in whether connections reach any endpoint. In: observations of one service port. Out: addresses and node ports
 * lost or extra, connections refused or lost that should be delivered, and the reverse.
 */
import {
  compareFractions,
  type Fraction,
  formatFraction,
  ONE,
  subtractFractions,
} from '../trace/fraction.ts';
import type { Change } from './change.ts';
import { deliveredShare, equal, type Fate } from './fate.ts';
import { lineFacts } from './line.ts';
import type { Observation } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import type { Probe, ServiceAddress } from './probes.ts';
import { addressText, connections, fromClients, verb } from './wording.ts';

type Verdict = 'untranslated' | 'rejected' | 'dropped';

/** Observations of one address that have gone the same way. */
interface Case {
  readonly to: ServiceAddress;
  readonly from: Verdict | 'delivered';
  readonly become: Verdict | 'delivered';
  /** Of what has changed. */
  readonly share: Fraction;
  readonly seen: Observation[];
  /** All packets to that address. */
  readonly all: readonly Probe[];
}

export function deliveryChanges(observations: readonly Observation[], facts: PortFacts): readonly Change[] {
  const cases = new Map<string, Case>();
  for (const each of observations) {
    if (each.same || each.intended.unknown.length + each.actual.unknown.length > 0) continue;
    const change = compareDelivery(each);
    if (change === undefined) continue;
    const { to } = each.probe;
    // One node address stands for all, but for 127.0.0.1.
    const place =
      to.kind === 'node-port' ? `node-port ${to.address.startsWith('127.')}` : `${to.kind} ${to.address}`;
    const key = `${place} ${change.from} ${change.become}`;
    const all = observations
      .map(({ probe }) => probe)
      .filter((probe) => probe.to.address === to.address && probe.to.port === to.port);
    const known = cases.get(key) ?? { ...change, to, seen: [], all };
    known.seen.push(each);
    cases.set(key, known);
  }
  return withoutEchoes([...cases.values()]).flatMap((each) => describe(each, facts));
}

/** What 127.0.0.1 shows is said only where the node's other addresses do not show it. */
function withoutEchoes(cases: readonly Case[]): readonly Case[] {
  return cases.filter(
    (each) =>
      !each.to.address.startsWith('127.') ||
      !cases.some((other) => other !== each && other.to.kind === 'node-port' && other.from === each.from),
  );
}

function compareDelivery({
  intended,
  actual,
}: Observation): Pick<Case, 'from' | 'become' | 'share'> | undefined {
  const [before, after] = [deliveredShare(intended), deliveredShare(actual)];
  if (equal(before, after)) {
    const [from, become] = [mainVerdict(intended), mainVerdict(actual)];
    return from === become || before.numerator > 0n ? undefined : { from, become, share: ONE };
  }
  return compareFractions(before, after) > 0
    ? { from: 'delivered', become: mainVerdict(actual), share: subtractFractions(before, after) }
    : { from: mainVerdict(intended), become: 'delivered', share: subtractFractions(after, before) };
}

/** What happens to most of what is not delivered. */
function mainVerdict({ untranslated, rejected, dropped }: Fate): Verdict {
  if (compareFractions(rejected, dropped) >= 0) {
    return compareFractions(rejected, untranslated) >= 0 && rejected.numerator > 0n
      ? 'rejected'
      : 'untranslated';
  }
  return compareFractions(dropped, untranslated) >= 0 ? 'dropped' : 'untranslated';
}

function describe(each: Case, facts: PortFacts): readonly Change[] {
  const { from, become } = each;
  if (from === 'delivered') return [describeLoss(each, facts)];
  return [become === 'delivered' ? describeGain(each, facts) : describeRefusal(each, facts)];
}

const WHAT_HAPPENS: Readonly<Record<Verdict, readonly [string, string]>> = {
  untranslated: [
    'goes to that address itself, where no endpoint listens, and fails',
    'go to that address itself, where no endpoint listens, and fail',
  ],
  rejected: ['is refused', 'are refused'],
  dropped: ['is dropped and hangs until it times out', 'are dropped and hang until they time out'],
};

function describeLoss({ to, become, share, seen, all }: Case, facts: PortFacts): Change {
  const clients = fromClients(
    seen.map(({ probe }) => probe),
    all,
  );
  const verdict = become as Verdict;
  const happens = WHAT_HAPPENS[verdict];
  const where = addressText(to, facts.info);
  const consequence = `${connections(share)}${clients} to ${where} ${verb(share, ...happens)}`;
  const at = { ...atAddress(to), consequence, packet: shownPacket(seen) };
  const isWhole = equal(share, ONE);
  const gone = { ...at, kind: to.kind === 'node-port' ? 'node-port-lost' : 'address-lost' } as const;
  if (isWhole && lostItsRule(to, facts)) return gone;
  const range = facts.differences.length === 0 ? undefined : rangeOf(seen, all);
  if (to.kind === 'load-balancer' && range !== undefined) {
    return {
      ...at,
      kind: 'source-range-closed',
      range,
      consequence: `clients in ${range} are shut out: ${consequence}`,
    };
  }
  if (isWhole && verdict === 'untranslated') return gone;
  const actual = formatFraction(share);
  if (verdict === 'untranslated') return { ...at, kind: 'delivery-lost', actual };
  return { ...at, kind: verdict === 'rejected' ? 'delivery-rejected' : 'delivery-dropped', actual };
}

function describeGain({ to, from, share, seen, all }: Case, facts: PortFacts): Change {
  const clients = fromClients(
    seen.map(({ probe }) => probe),
    all,
  );
  const sockets = [...((seen[0] as Observation).actual.endpoints.keys() ?? [])];
  const where = addressText(to, facts.info);
  const goes = `${connections(share)}${clients} to ${where} ${verb(share, 'is', 'are')} delivered to ${sockets.slice(0, 3).join(', ')}`;
  const at = { ...atAddress(to), packet: shownPacket(seen) };
  const range = rangeOf(seen, all);
  if (to.kind === 'load-balancer' && from === 'dropped' && !isInOwnRange(seen, facts)) {
    if (range !== undefined || facts.hasRanges) return { ...at, ...describeOpening(range, clients, goes) };
  }
  if (from === 'untranslated') {
    const kind = to.kind === 'node-port' ? 'node-port-extra' : 'address-extra';
    const why = facts.intended === undefined ? '' : '; the Service does not have that address';
    return { ...at, kind, consequence: `${goes}${why}` };
  }
  const instead =
    from === 'rejected' ? 'it should be refused, for want of endpoints' : 'it should be dropped';
  return { ...at, kind: 'rejection-lost', consequence: `${goes}; ${instead}` };
}

/** Of what is dropped for want of endpoints, and not by the firewall. */
function isInOwnRange(seen: readonly Observation[], { intended }: PortFacts): boolean {
  const own = intended?.servicePort.loadBalancerSourceRanges ?? [];
  return seen.every(({ probe: { client } }) => client.network !== undefined && own.includes(client.network));
}

function describeOpening(range: string | undefined, clients: string, goes: string) {
  const who = range !== undefined ? `clients in ${range} are` : clients === '' ? 'everybody is' : undefined;
  const isLetIn = 'let in, whatever the source ranges say';
  return {
    kind: 'source-range-opened',
    range: range ?? 'any address',
    consequence: who === undefined ? `${goes}, whatever the source ranges say` : `${who} ${isLetIn}: ${goes}`,
  } as const;
}

const SHOULD: Readonly<Record<Verdict, string>> = {
  untranslated: 'left alone',
  rejected: 'refused at once',
  dropped: 'dropped',
};

function describeRefusal({ to, from, become, seen, all }: Case, facts: PortFacts): Change {
  const clients = fromClients(
    seen.map(({ probe }) => probe),
    all,
  );
  const isHere = to.kind === 'node-port';
  const happens =
    become === 'untranslated'
      ? `goes on to that address and ${isHere ? 'whatever listens there' : 'hangs until it times out'}`
      : WHAT_HAPPENS[become as Verdict][0];
  const consequence = `every new connection${clients} to ${addressText(to, facts.info)} ${happens}; it should be ${SHOULD[from as Verdict]}`;
  return {
    ...atAddress(to),
    consequence,
    packet: shownPacket(seen),
    kind: from === 'untranslated' ? 'rejection-added' : 'rejection-lost',
  };
}

function atAddress({ kind, address, port }: ServiceAddress) {
  return { addressKind: kind, address, port };
}

export function shownPacket(seen: readonly Observation[]): {
  from: string;
  client: Probe['client']['kind'];
  to: string;
} {
  const { probe } = seen[0] as Observation;
  const { source, destination, destinationPort } = probe.packet;
  const host = destination.includes(':') ? `[${destination}]` : destination;
  return { from: source, client: probe.client.kind, to: `${host}:${destinationPort}` };
}

/** The network of the clients that are concerned, where others are not. */
function rangeOf(seen: readonly Observation[], all: readonly Probe[]): string | undefined {
  const concerned = new Set(seen.map(({ probe }) => probe.client.address));
  const isGeneral = all.every(({ client }) => client.kind === 'endpoint' || concerned.has(client.address));
  if (isGeneral) return undefined;
  const ranges = new Set(
    seen.map(({ probe }) => probe.client.network).filter((network) => network !== undefined),
  );
  return ranges.size === 0 ? undefined : [...ranges].join(', ');
}

/** The rule that would catch what is bound for the address is not there. */
function lostItsRule(to: ServiceAddress, { missing, info }: PortFacts): boolean {
  const socket = `${to.kind === 'node-port' ? '*' : to.address} ${info.protocol.toLowerCase()} ${to.port}`;
  return missing.map(lineFacts).some((line) => line.socket === socket && !line.guards);
}
