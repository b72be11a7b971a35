/**
 * What can become of a packet. In: outcomes with their shares as a tracer finds them. Out: the same with equal ones
 * merged; their shares sum to exactly 1.
 */
import {
  addFractions,
  compareFractions,
  type Fraction,
  fractionToNumber,
  multiplyFractions,
  ONE,
  reduceFraction,
  subtractFractions,
  ZERO,
} from './fraction.ts';
import type { Socket, SourceTranslation } from './packet.ts';
import type { Step } from './step.ts';

export interface Outcome {
  /** In lowest terms. */
  readonly fraction: Fraction;
  readonly verdict: Verdict;
  /** The rules that matched, in order; of outcomes that differ in nothing else, those of one. */
  readonly path: readonly Step[];
}

export type Verdict =
  | {
      readonly kind: 'delivered';
      readonly destination: Socket;
      /** To this host, and not to another or to a Pod. */
      readonly local: boolean;
      readonly source: SourceTranslation;
    }
  /** `with` such as `icmp-port-unreachable`. */
  | { readonly kind: 'rejected'; readonly with: string }
  | { readonly kind: 'dropped' }
  /** `step` is the rule on which it depends, absent where it is none. */
  | { readonly kind: 'cannot-tell'; readonly reason: string; readonly step?: Step };

/** Steps, the last one first: states that part share what lies before. */
export interface Trail {
  readonly step: Step;
  readonly before: Trail | undefined;
}

interface Share {
  readonly mass: Fraction;
  readonly verdict: Verdict;
  readonly trail: Trail | undefined;
}

/** Outcomes by what tells them apart. */
export type Distribution = Map<string, Share>;

export function addShare(
  distribution: Distribution,
  mass: Fraction,
  verdict: Verdict,
  trail: Trail | undefined,
): void {
  const key = verdictKey(verdict);
  const known = distribution.get(key);
  if (known === undefined) distribution.set(key, { mass, verdict, trail });
  else distribution.set(key, { ...known, mass: addFractions(known.mass, mass) });
}

/** Two verdicts with the same key are the same. */
export function verdictKey(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, local, source } = verdict;
      const from = source.kind === 'snat' ? `snat ${source.to}` : source.kind;
      return `${destination.address} ${destination.port ?? ''} ${local} ${from}`;
    }
    case 'rejected':
      return `rejected ${verdict.with}`;
    case 'dropped':
      return 'dropped';
    case 'cannot-tell': {
      const { reason, step } = verdict;
      const place = step === undefined ? '' : `${step.table} ${step.rule.line} ${step.hook}`;
      return `cannot-tell ${place} ${reason}`;
    }
    default:
      return verdict satisfies never;
  }
}

export function addDistribution(into: Distribution, part: Distribution, mass: Fraction): void {
  for (const share of part.values()) {
    addShare(into, multiplyFractions(share.mass, mass), share.verdict, share.trail);
  }
}

/** What holds whichever of two distributions is true, with what is left open. */
export function commonPart(a: Distribution, b: Distribution): { common: Distribution; open: Fraction } {
  const common: Distribution = new Map();
  let open = ONE;
  for (const [key, share] of a) {
    const other = b.get(key);
    if (other === undefined) continue;
    const mass = compareFractions(share.mass, other.mass) < 0 ? share.mass : other.mass;
    common.set(key, { ...share, mass });
    open = subtractFractions(open, mass);
  }
  return { common, open: open.numerator === 0n ? ZERO : open };
}

/** The most likely first; those whose shares differ by no more than rounding in the order of their rules. */
export function listOutcomes(distribution: Distribution): Outcome[] {
  return [...distribution.values()]
    .map(({ mass, verdict, trail }) => ({
      mass,
      rank: Math.round(fractionToNumber(mass) * 2 ** 28),
      verdict,
      trail,
    }))
    .sort((a, b) => b.rank - a.rank)
    .map(({ mass, verdict, trail }) => ({ fraction: reduceFraction(mass), verdict, path: listSteps(trail) }));
}

function listSteps(trail: Trail | undefined): Step[] {
  const steps: Step[] = [];
  for (let at = trail; at !== undefined; at = at.before) steps.push(at.step);
  return steps.reverse();
}
