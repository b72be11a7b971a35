/**
 * Changes in how long a client keeps its endpoint. In: the tracers, and a service port. Out: affinity that is lost, added,
 * or lasts another time. Found as a client would: it connects once, and again after each time that a rule names.
 */
import { compareFractions, fractionToNumber, ONE } from '../trace/fraction.ts';
import type { Outcome } from '../trace/outcome.ts';
import { stepFacts } from '../trace/step.ts';
import type { Change } from './change.ts';
import { socketText } from './fate.ts';
import { lineFacts } from './line.ts';
import { type Tracers, UNNAMED_DEVICES } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import type { Probe } from './probes.ts';
import { addressText } from './wording.ts';

type Side = 'intended' | 'actual';

/** A client that has been sent to an endpoint. */
interface Visit {
  readonly endpoint: string;
  /** The lists that remember it. */
  readonly lists: readonly string[];
}

export function affinityChanges(
  probes: readonly Probe[],
  tracers: Tracers,
  facts: PortFacts,
): readonly Change[] {
  const lines = facts.differences.flatMap(({ missing, extra }) => [...missing, ...extra]).map(lineFacts);
  const { intended, actual } = facts;
  const isAsked =
    lines.some(({ remembers }) => remembers) ||
    (intended?.servicePort.affinitySeconds ?? 0) > 0 ||
    (actual?.servicePort.affinitySeconds ?? 0) > 0;
  if (!isAsked) return [];
  const probe = probes.find(({ client }) => client.kind === 'pod') ?? probes[0];
  if (probe === undefined) return [];
  const seconds = new Set(lines.flatMap((line) => line.seconds));
  for (const view of [intended, actual])
    if ((view?.servicePort.affinitySeconds ?? 0) > 0)
      seconds.add(view?.servicePort.affinitySeconds as number);
  const keeps = (side: Side) =>
    affinitySeconds(
      side,
      probe,
      tracers,
      [...seconds].sort((a, b) => a - b),
    );
  const [before, after] = [keeps('intended'), keeps('actual')];
  return before === undefined || after === undefined ? [] : compare(before, after, probe, facts);
}

interface Kept {
  /** For how long clients are kept, of the endpoint that does so longest and of that which does so shortest; 0 without affinity. */
  readonly longest: number;
  readonly shortest: number;
  /** How many of the endpoints a client keeps. */
  readonly endpoints: number;
  readonly all: number;
  /** The chance that a client who is not kept meets another endpoint. */
  readonly others: number;
}

/** Undefined where the service port reaches no endpoint, or it cannot be told. */
function affinitySeconds(
  side: Side,
  probe: Probe,
  tracers: Tracers,
  asked: readonly number[],
): Kept | undefined {
  const outcomes = tracers.trace(side, probe.packet, UNNAMED_DEVICES);
  const visits = outcomes.flatMap(visitOf);
  if (visits.length === 0) return undefined;
  const times: number[] = [];
  for (const { endpoint, lists } of visits) {
    // Whether the last moment still belongs to it differs from mode to mode.
    const returns = (seconds: number) => {
      const secondsAgo = seconds - 0.5;
      const recent = lists.map((list) => ({ list, secondsAgo }));
      const again = tracers.trace(side, { ...probe.packet, recent }, UNNAMED_DEVICES);
      const share = again.find((outcome) => visitOf(outcome)[0]?.endpoint === endpoint)?.fraction;
      return share !== undefined && compareFractions(share, ONE) === 0 && visits.length > 1;
    };
    const lasting = asked.filter(returns);
    if (lasting.length > 0) times.push(Math.max(...lasting));
  }
  const [first] = outcomes;
  const others = first === undefined ? 0 : 1 - fractionToNumber(first.fraction);
  const [longest, shortest] = times.length === 0 ? [0, 0] : [Math.max(...times), Math.min(...times)];
  return { longest, shortest, endpoints: times.length, all: visits.length, others };
}

function visitOf({ verdict, path }: Outcome): Visit[] {
  if (verdict.kind !== 'delivered') return [];
  const lists = path.flatMap((step) => stepFacts(step).remembers);
  return [{ endpoint: socketText(verdict.destination), lists }];
}

function compare(before: Kept, after: Kept, probe: Probe, facts: PortFacts): readonly Change[] {
  const where = addressText(probe.to, facts.info);
  if (before.all < 2 || after.all < 2) return [];
  if (before.longest > 0 && after.endpoints < after.all) {
    const which =
      after.endpoints === 0
        ? 'a client'
        : `a client of ${after.all - after.endpoints} of ${after.all} endpoints`;
    const percent = `${Math.round(100 * after.others)}%`;
    return [
      {
        kind: 'affinity-lost',
        intendedSeconds: before.longest,
        consequence: `${which} that connects again to ${where} within ${before.longest} s meets another endpoint in ${percent} of cases; it should keep its own`,
      },
    ];
  }
  if (before.endpoints === 0 && after.endpoints > 0) {
    const consequence = `a client that connects again to ${where} within ${after.longest} s keeps its endpoint; it should be sent to any of ${before.all}`;
    return [{ kind: 'affinity-added', actualSeconds: after.longest, consequence }];
  }
  if (before.longest === after.longest && before.shortest === after.shortest) return [];
  const time = after.shortest === before.shortest ? after.longest : after.shortest;
  const consequence = `a client of ${where} keeps its endpoint for ${time} s; it should be ${before.longest} s`;
  return [{ kind: 'affinity-timeout', intendedSeconds: before.longest, actualSeconds: time, consequence }];
}
