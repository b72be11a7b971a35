/**
 * Where two sets of rules begin to treat a packet differently. In: what becomes of it under each. Out: whether that is the
 * same, and if not the first rules in which the paths differ, with the path before. Meaning counts, not spelling: comments,
 * counters, and chains on the way that do nothing are passed over.
 */
import { flatten, isIdle, nestSteps, type StepTree } from './effective-steps.ts';
import { addFractions, type Fraction, fractionToNumber, ZERO } from './fraction.ts';
import { type Outcome, type Verdict, verdictKey } from './outcome.ts';
import { meaningOf, type Step, stepFacts } from './step.ts';

export interface Parting {
  /** The rules that both sides have met before, as the first side has them. */
  readonly before: readonly Step[];
  /** The next rule of each side; undefined where its path ends. */
  readonly intended: Step | undefined;
  readonly actual: Step | undefined;
  readonly outcomes: { readonly intended: Outcome; readonly actual: Outcome };
}

/** Probabilities that were printed with few digits differ by less. */
const TOLERANCE = 1e-3;

/** @returns undefined where the packet fares the same, if by other ways. */
export function findParting(intended: readonly Outcome[], actual: readonly Outcome[]): Parting | undefined {
  if (haveSameOutcomes(intended, actual)) return undefined;
  const partings = [
    ...intended.map((outcome) => closest(outcome, actual, false)),
    ...actual.map((outcome) => closest(outcome, intended, true)),
  ].filter((parting) => parting.intended !== undefined || parting.actual !== undefined);
  const [first, ...others] = partings;
  if (first === undefined) {
    const [a, b] = [intended[0] as Outcome, actual[0] as Outcome];
    return { before: a.path, intended: undefined, actual: undefined, outcomes: { intended: a, actual: b } };
  }
  return others.reduce((best, each) => (each.before.length < best.before.length ? each : best), first);
}

export function haveSameOutcomes(a: readonly Outcome[], b: readonly Outcome[]): boolean {
  const [shares, others] = [sharesByFate(a), sharesByFate(b)];
  const fates = new Set([...shares.keys(), ...others.keys()]);
  return [...fates].every((fate) => {
    const one = fractionToNumber(shares.get(fate) ?? ZERO);
    const other = fractionToNumber(others.get(fate) ?? ZERO);
    return shares.has(fate) && others.has(fate) && Math.abs(one - other) <= TOLERANCE * Math.max(one, other);
  });
}

function sharesByFate(outcomes: readonly Outcome[]): Map<string, Fraction> {
  const shares = new Map<string, Fraction>();
  for (const { verdict, fraction } of outcomes) {
    const fate = fateOf(verdict);
    shares.set(fate, addFractions(shares.get(fate) ?? ZERO, fraction));
  }
  return shares;
}

/** As `verdictKey`, but of rules their text: two dumps have the same rule in different lines. */
function fateOf(verdict: Verdict): string {
  if (verdict.kind !== 'cannot-tell') return verdictKey(verdict);
  const { reason, step } = verdict;
  return `cannot-tell ${step === undefined ? '' : meaningOf(step)} ${reason}`;
}

/** Compared with that outcome of the other side whose path goes along with it the furthest; of equals, one with its fate. */
function closest(outcome: Outcome, others: readonly Outcome[], swapped: boolean): Parting {
  let best: Parting | undefined;
  for (const other of others) {
    const parting = swapped ? compare(other, outcome) : compare(outcome, other);
    const isNearer = best === undefined || parting.before.length > best.before.length;
    const isAsNear = parting.before.length === best?.before.length;
    if (isNearer || (isAsNear && hasOneFate(parting) && best !== undefined && !hasOneFate(best)))
      best = parting;
  }
  return best as Parting;
}

function hasOneFate({ outcomes: { intended, actual } }: Parting): boolean {
  return fateOf(intended.verdict) === fateOf(actual.verdict);
}

function compare(intended: Outcome, actual: Outcome): Parting {
  const before: Step[] = [];
  const ends = walk(nestSteps(decidingPath(intended)), nestSteps(decidingPath(actual)), before);
  return { before, intended: ends?.[0], actual: ends?.[1], outcomes: { intended, actual } };
}

/** With the rule of which nobody can tell. */
function decidingPath({ verdict, path }: Outcome): readonly Step[] {
  if (verdict.kind !== 'cannot-tell' || verdict.step === undefined) return path;
  return path.at(-1) === verdict.step ? path : [...path, verdict.step];
}

/** @returns the first steps that differ, or nothing where all are the same. */
function walk(
  a: readonly StepTree[],
  b: readonly StepTree[],
  before: Step[],
): readonly [Step | undefined, Step | undefined] | undefined {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && other !== undefined && meaningOf(one.step) === meaningOf(other.step)) {
      before.push(one.step);
      const within = walk(one.within, other.within, before);
      if (within !== undefined)
        return [within[0] ?? flatten(a.slice(i + 1))[0], within[1] ?? flatten(b.slice(j + 1))[0]];
      i++;
      j++;
    } else if (other !== undefined && isIdleDetour(other)) j++;
    else if (one !== undefined && isIdleDetour(one)) i++;
    else return [one?.step, other?.step];
  }
  return undefined;
}

/** A return by itself is none: what would have come behind it is left out. */
function isIdleDetour(tree: StepTree): boolean {
  return stepFacts(tree.step).does !== 'return' && isIdle(tree);
}
