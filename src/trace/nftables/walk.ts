/**
 * Walks packets through one base chain and the chains that it calls. In: states with their shares, at a place in a chain.
 * Out: those that leave the base chain, and outcomes of those that do not. Mirrors `nft_do_chain`.
 *
 * As for iptables, states are walked together, and those that have become equal are added up. Where nobody can tell what a
 * rule does, all ways are followed to the end: what they have in common is certain, the rest is "cannot tell".
 */
import { type Fraction, multiplyFractions, ONE, ZERO } from '../fraction.ts';
import { DEEPEST_DOUBT, type Journey } from '../journey.ts';
import {
  addDistribution,
  addShare,
  commonPart,
  type Distribution,
  type Trail,
  type Verdict,
} from '../outcome.ts';
import type { Step } from '../step.ts';
import { mergeStates, type Weighted } from '../weighted.ts';
import { type End, evaluate, type Possibility } from './evaluate.ts';
import type { Scene } from './packet-values.ts';
import type { Chain, PreparedRule } from './prepared.ts';

/** Where a packet is: before a rule of a chain. */
export interface Place {
  readonly chain: Chain;
  readonly index: number;
  /** Where the chain returns to; absent in a base chain. */
  readonly caller: Place | undefined;
  /** The rule by which the chain was entered, also by `goto`. */
  readonly entrance: Place | undefined;
}

/** One walk through one base chain, and what it has come to. */
export interface Walk {
  readonly scene: Scene;
  readonly journey: Journey<Walk, Place>;
  /** Those that go on to the next base chain. */
  readonly accepted: Weighted[];
  /** Those that a chain of type nat has translated. */
  readonly translated: Weighted[];
  readonly outcomes: Distribution;
}

/** @returns the states that come to the end of the chain, or return from it. */
export function walkChain(walk: Walk, place: Place, batch: readonly Weighted[]): readonly Weighted[] {
  const rules = place.chain.rules();
  const returned: Weighted[] = [];
  let current = batch;
  for (let index = place.index; index < rules.length && current.length > 0; index++) {
    const flow = walkRule(walk, { ...place, index }, rules[index] as PreparedRule, current);
    returned.push(...flow.returned);
    current = flow.continuing;
  }
  return mergeStates([...returned, ...current]);
}

/** Where packets are behind a rule. */
interface Flow {
  readonly continuing: Weighted[];
  readonly returned: Weighted[];
  /** By the chain, and whether it is left to the caller. */
  readonly called: Map<string, Call>;
}

interface Call {
  readonly chain: string;
  readonly goto: boolean;
  readonly step: Step;
  readonly batch: Weighted[];
}

function newFlow(): Flow {
  return { continuing: [], returned: [], called: new Map() };
}

interface Moved {
  readonly continuing: readonly Weighted[];
  readonly returned: readonly Weighted[];
}

function walkRule(walk: Walk, place: Place, rule: PreparedRule, batch: readonly Weighted[]): Moved {
  const flow = newFlow();
  let isMet = false;
  for (const at of batch) {
    for (const possibility of evaluate(walk.scene, rule, at.state)) {
      if (isPassedBy(possibility)) {
        flow.continuing.push(at);
        continue;
      }
      isMet = true;
      const share = multiplyFractions(at.share, possibility.share);
      if (possibility.kind === 'known') settle(walk, rule, { ...at, share }, possibility, flow);
      else addDistribution(walk.outcomes, weigh(walk, place, rule, at.trail, possibility), share);
    }
  }
  return isMet ? finish(walk, place, flow) : { continuing: batch, returned: [] };
}

/** The rule does not match: the packet is what it was before. */
function isPassedBy(possibility: Possibility): boolean {
  return possibility.kind === 'known' && possibility.share === ONE && !possibility.met;
}

function stepOf({ stage }: Scene, { rule }: PreparedRule, { element }: End): Step {
  const step = { table: rule.table, hook: stage.hook, rule };
  return element === undefined ? step : { ...step, element };
}

/** What becomes of packets at the end of a rule. */
function settle(
  walk: Walk,
  rule: PreparedRule,
  { share, trail: before }: Weighted,
  end: End,
  flow: Flow,
): void {
  const { state, effect, met } = end;
  const step = stepOf(walk.scene, rule, end);
  const at: Weighted = { state, share, trail: met ? { step, before } : before };
  const stop = (verdict: Verdict) => addShare(walk.outcomes, share, verdict, at.trail);
  switch (effect.kind) {
    case 'next':
      flow.continuing.push(at);
      return;
    case 'return':
      flow.returned.push(at);
      return;
    case 'jump': {
      const key = `${effect.goto} ${effect.chain}`;
      const call = flow.called.get(key) ?? { ...effect, step, batch: [] };
      flow.called.set(key, call);
      call.batch.push(at);
      return;
    }
    case 'accept':
      (effect.translated ? walk.translated : walk.accepted).push(at);
      return;
    case 'drop':
      stop({ kind: 'dropped' });
      return;
    case 'reject':
      stop({ kind: 'rejected', with: effect.with });
      return;
    case 'cannot-tell':
      stop({ kind: 'cannot-tell', reason: effect.reason, step });
      return;
    default:
      effect satisfies never;
  }
}

/** Follows the calls of a rule. */
function finish(walk: Walk, place: Place, { continuing, returned, called }: Flow): Moved {
  for (const each of called.values()) {
    const back = call(walk, place, each);
    (each.goto ? returned : continuing).push(...back);
  }
  return { continuing: mergeStates(continuing), returned };
}

/** @returns the states that come back from a chain. */
function call(walk: Walk, place: Place, { chain: name, goto, step, batch }: Call): readonly Weighted[] {
  const chain = place.chain.table.chains.get(name);
  const problem =
    chain === undefined
      ? `there is no chain ${name}`
      : isWithin(chain, place)
        ? `the chain ${name} calls itself`
        : undefined;
  if (chain === undefined || problem !== undefined) {
    for (const { share, trail } of batch) {
      addShare(walk.outcomes, share, { kind: 'cannot-tell', reason: problem as string, step }, trail);
    }
    return [];
  }
  const caller = goto ? place.caller : nextPlace(place);
  return walkChain(walk, { chain, index: 0, caller, entrance: place }, mergeStates(batch));
}

function isWithin(chain: Chain, place: Place): boolean {
  for (let at: Place | undefined = place; at !== undefined; at = at.entrance)
    if (at.chain === chain) return true;
  return false;
}

function nextPlace(place: Place): Place {
  return { ...place, index: place.index + 1 };
}

/** The outcomes of a packet at a rule of which nobody can tell what it does. */
function weigh(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  trail: Trail | undefined,
  { among, reason }: Extract<Possibility, { kind: 'unknown' }>,
): Distribution {
  const { journey } = walk;
  const step: Step = { table: rule.rule.table, hook: walk.scene.stage.hook, rule: rule.rule };
  const verdict: Verdict = { kind: 'cannot-tell', reason, step };
  if (journey.budget <= 0 || journey.depth >= DEEPEST_DOUBT) {
    const result: Distribution = new Map();
    addShare(result, ONE, verdict, trail);
    return result;
  }
  journey.budget--;
  journey.depth++;
  let common: Distribution | undefined;
  let open: Fraction = ZERO;
  for (const end of among) {
    const followed = followEnd(walk, place, rule, end, trail);
    if (common === undefined) common = followed;
    else ({ common, open } = commonPart(common, followed));
  }
  journey.depth--;
  const result = new Map(common);
  if (open.numerator > 0n) addShare(result, open, verdict, trail);
  return result;
}

function followEnd(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  end: End,
  trail: Trail | undefined,
): Distribution {
  const { journey } = walk;
  const part: Walk = { ...walk, accepted: [], translated: [], outcomes: new Map() };
  const flow = newFlow();
  settle(part, rule, { state: end.state, share: ONE, trail }, end, flow);
  const { continuing, returned } = finish(part, place, flow);
  journey.proceed(part);
  const onward = [
    ...continuing.map((at) => ({ at, to: nextPlace(place) })),
    ...mergeStates(returned).map((at) => ({ at, to: place.caller })),
  ];
  for (const { at, to } of onward) {
    addDistribution(part.outcomes, journey.follow(walk, to, { ...at, share: ONE }), at.share);
  }
  return part.outcomes;
}
