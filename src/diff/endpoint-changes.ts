/**
 * Changes in which endpoints get connections, and how many. In: observations of one service port. Out: endpoints that are
 * missing or stale, shares that are wrong, and traffic policies that have become another.
 */
import { addFractions, type Fraction, formatFraction, fractionToNumber, ZERO } from '../trace/fraction.ts';
import { chainOf } from '../trace/step.ts';
import type { Change } from './change.ts';
import { shownPacket } from './delivery-changes.ts';
import type { Fate } from './fate.ts';
import type { Observation } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import { addressText, connections, fromClients, listed, verb } from './wording.ts';

/** Kernel and kube-proxy round probabilities; what differs by more was meant to. */
const TOLERANCE = 1e-7;

export function endpointChanges(observations: readonly Observation[], facts: PortFacts): readonly Change[] {
  const found = new Map<string, { make: (seen: readonly Observation[]) => Change; seen: Observation[] }>();
  for (const each of observations) {
    const { intended, actual, same } = each;
    if (same || intended.unknown.length + actual.unknown.length > 0) continue;
    if (actual.endpoints.size === 0 || each.probe.client.kind === 'endpoint') continue;
    const add = (key: string, make: (seen: readonly Observation[]) => Change) => {
      const known = found.get(key) ?? { make, seen: [] };
      known.seen.push(each);
      found.set(key, known);
    };
    const policies = policyChange(each);
    if (policies !== undefined)
      add(`policy ${policies.intended}`, (seen) => describePolicy(seen, policies, facts, observations));
    else if (intended.endpoints.size > 0) compareSets(each, facts, observations, add);
  }
  return [...found.values()].map(({ make, seen }) => make(seen));
}

type Add = (key: string, make: (seen: readonly Observation[]) => Change) => void;

function compareSets(
  { intended, actual }: Observation,
  facts: PortFacts,
  all: readonly Observation[],
  add: Add,
): void {
  // Where all go elsewhere, that says it.
  const isElsewhere =
    intended.endpoints.size > 1 &&
    [...intended.endpoints.keys()].every((each) => !actual.endpoints.has(each));
  for (const [endpoint, { share }] of isElsewhere ? [] : intended.endpoints) {
    if (actual.endpoints.has(endpoint)) continue;
    add(`missing ${endpoint}`, (seen) => describeMissing(endpoint, share, seen, facts, all));
  }
  for (const [endpoint, { share }] of actual.endpoints) {
    if (intended.endpoints.has(endpoint)) continue;
    add(`stale ${endpoint}`, (seen) => describeStale(endpoint, share, seen, facts, all));
  }
  for (const [endpoint, wrong] of wrongShares(intended, actual)) {
    add(`share ${endpoint}`, (seen) => describeShare(endpoint, wrong, seen, facts, all));
  }
}

interface WrongShare {
  readonly intended: Fraction;
  readonly actual: Fraction;
}

/**
 * Of what is delivered: with the same endpoints, each share counts; with others, only that the shares are not even any
 * more. What is not delivered is a change of its own.
 */
function wrongShares(intended: Fate, actual: Fate): ReadonlyMap<string, WrongShare> {
  const wrong = new Map<string, WrongShare>();
  const total = sumOfShares(actual);
  const wantedTotal = sumOfShares(intended);
  const isSameSet =
    actual.endpoints.size === intended.endpoints.size &&
    [...actual.endpoints.keys()].every((socket) => intended.endpoints.has(socket));
  for (const [socket, { share }] of actual.endpoints) {
    const wanted = intended.endpoints.get(socket)?.share;
    if (wanted === undefined || isNear(fractionToNumber(wanted), fractionToNumber(share))) continue;
    const even = isSameSet ? fractionToNumber(wanted) / wantedTotal : 1 / actual.endpoints.size;
    if (!isNear(fractionToNumber(share) / total, even))
      wrong.set(socket, { intended: wanted, actual: share });
  }
  return wrong;
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE;
}

function sumOfShares({ endpoints }: Fate): number {
  let sum = 0;
  for (const { share } of endpoints.values()) sum += fractionToNumber(share);
  return sum;
}

/** Said of the first address at which it was seen. */
function from(seen: readonly Observation[], all: readonly Observation[]): string {
  const { to } = (seen[0] as Observation).probe;
  const here = ({ probe }: Observation) => probe.to.address === to.address && probe.to.port === to.port;
  return fromClients(
    seen.filter(here).map(({ probe }) => probe),
    all.filter(here).map(({ probe }) => probe),
  );
}

function where(seen: readonly Observation[], facts: PortFacts): string {
  return addressText((seen[0] as Observation).probe.to, facts.info);
}

type Describe<A extends readonly unknown[]> = (
  ...args: [...A, seen: readonly Observation[], facts: PortFacts, all: readonly Observation[]]
) => Change;

const describeMissing: Describe<[endpoint: string, share: Fraction]> = (
  endpoint,
  share,
  seen,
  facts,
  all,
) => ({
  kind: 'endpoint-missing',
  endpoint,
  intended: formatFraction(share),
  consequence: `${endpoint} gets no new connections; ${connections(share)}${from(seen, all)} to ${where(seen, facts)} should go there`,
  packet: shownPacket(seen),
});

const describeStale: Describe<[endpoint: string, share: Fraction]> = (endpoint, share, seen, facts, all) => {
  const host = endpoint.replace(/:\d+$/, '');
  const twin = [...facts.endpoints].find(
    (other) => other !== endpoint && other.replace(/:\d+$/, '') === host,
  );
  const isReachable = facts.endpoints.has(endpoint);
  const why = isReachable
    ? 'which such connections should not reach'
    : twin === undefined
      ? 'which is no endpoint'
      : `which is no endpoint: the port there is ${twin.slice(host.length + 1)}`;
  return {
    kind: 'endpoint-stale',
    endpoint,
    actual: formatFraction(share),
    consequence: `${connections(share)}${from(seen, all)} to ${where(seen, facts)} ${verb(share, 'goes', 'go')} to ${endpoint}, ${why}`,
    packet: shownPacket(seen),
  };
};

const describeShare: Describe<[endpoint: string, share: WrongShare]> = (
  endpoint,
  { intended, actual },
  seen,
  facts,
  all,
) => ({
  kind: 'share-wrong',
  endpoint,
  intended: formatFraction(intended),
  actual: formatFraction(actual),
  consequence: `${connections(actual)}${from(seen, all)} to ${where(seen, facts)} ${verb(actual, 'goes', 'go')} to ${endpoint}; it should be ${shareText(intended)}`,
  packet: shownPacket(seen),
});

function shareText(share: Fraction): string {
  return connections(share).replace(/ ?(of )?new connections?$/, '');
}

type Policy = 'Cluster' | 'Local';

/** The chains that spread connections tell by which policy they do; undefined where both sides agree or do not say. */
function policyChange({ intended, actual }: Observation): { intended: Policy; actual: Policy } | undefined {
  const [before, after] = [policyOf(intended), policyOf(actual)];
  return before === undefined || after === undefined || before === after
    ? undefined
    : { intended: before, actual: after };
}

function policyOf({ outcomes }: Fate): Policy | undefined {
  const policies = new Set<Policy>();
  for (const { path } of outcomes) {
    for (const step of path) {
      const chain = chainOf(step);
      if (chain.startsWith('KUBE-SVL-')) policies.add('Local');
      else if (chain.startsWith('KUBE-SVC-')) policies.add('Cluster');
    }
  }
  return policies.size === 1 ? [...policies][0] : undefined;
}

function describePolicy(
  seen: readonly Observation[],
  policies: { readonly intended: Policy; readonly actual: Policy },
  facts: PortFacts,
  all: readonly Observation[],
): Change {
  const { actual, intended } = seen[0] as Observation;
  let wrong = ZERO;
  const others: string[] = [];
  for (const [socket, { share }] of actual.endpoints) {
    if (intended.endpoints.has(socket)) continue;
    wrong = addFractions(wrong, share);
    others.push(socket);
  }
  const unused = [...intended.endpoints.keys()].filter((socket) => !actual.endpoints.has(socket));
  const goes =
    others.length > 0
      ? `${connections(wrong)}${from(seen, all)} to ${where(seen, facts)} ${verb(wrong, 'goes', 'go')} to endpoints of other nodes (${listed(others)})`
      : unused.length > 0
        ? `connections${from(seen, all)} to ${where(seen, facts)} do not reach ${unused.length} of ${intended.endpoints.size} endpoints (${listed(unused)})`
        : `connections${from(seen, all)} to ${where(seen, facts)} take the other policy's way to the same endpoints`;
  return {
    kind: 'policy-changed',
    ...policies,
    consequence: `${goes}: traffic policy ${policies.actual} instead of ${policies.intended}`,
    packet: shownPacket(seen),
  };
}
