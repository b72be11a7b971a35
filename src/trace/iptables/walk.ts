/**
 * Walks packets through the rules of one table. In: states with their shares, at a place in a chain. Out: those that leave
 * the table, and outcomes of those that do not. Mirrors `ipt_do_table`.
 *
 * States are walked together and those that have become equal are added up, so that a chain costs as much as it has rules,
 * not as many as there are ways through it. Where nobody can tell whether a rule matches, both ways are followed to
 * the end of all tables: what they have in common is certain, the rest is "cannot tell".
 */
import { multiplyFractions, ONE } from '../fraction.ts';
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
import { type Alternative, evaluate, type Possibility } from './evaluate.ts';
import { type Scene, stepOf } from './match.ts';
import type { Chain, PreparedRules } from './prepare.ts';
import type { PreparedRule } from './rule-index.ts';
import { applyTarget, isHarmless } from './target.ts';

/** Where a packet is: before a rule of a chain. */
export interface Place {
  readonly chain: Chain;
  readonly index: number;
  /** Where the chain returns to; absent in a built-in one. */
  readonly caller: Place | undefined;
  /** The rule by which the chain was entered, also by `goto`. */
  readonly entrance: Place | undefined;
}

/** One walk through one table, and what it has come to. */
export interface Walk {
  readonly scene: Scene;
  readonly rules: PreparedRules;
  readonly journey: Journey<Walk, Place>;
  readonly accepted: Weighted[];
  readonly outcomes: Distribution;
}

/** @returns the states that come to the end of the chain, or return from it. */
export function walkChain(walk: Walk, place: Place, batch: readonly Weighted[]): readonly Weighted[] {
  if (batch.length === 0) return batch;
  const { rules, indexed, candidates } = place.chain.rules();
  const returned: Weighted[] = [];
  for (const group of indexed ? groupByDestination(batch) : [batch]) {
    let current: readonly Weighted[] = group;
    for (const index of candidates((group[0] as Weighted).state)) {
      if (index < place.index) continue;
      if (current.length === 0) break;
      current = walkRule(walk, { ...place, index }, rules[index] as PreparedRule, current, returned);
    }
    returned.push(...current);
  }
  return mergeStates(returned);
}

function groupByDestination(batch: readonly Weighted[]): Iterable<readonly Weighted[]> {
  const groups = new Map<string, Weighted[]>();
  for (const each of batch) {
    const key = `${each.state.destination} ${each.state.destinationPort}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return groups.values();
}

/** @returns the states that go on to the next rule. */
function walkRule(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  batch: readonly Weighted[],
  returned: Weighted[],
): readonly Weighted[] {
  const staying: Weighted[] = [];
  const matched: Weighted[] = [];
  let changed = false;
  for (const at of batch) {
    const evaluation = evaluate(walk.scene, rule, at.state);
    if (evaluation === 'no') {
      staying.push(at);
      continue;
    }
    changed = true;
    if (evaluation === 'yes') matched.push(at);
    else for (const each of evaluation) take(walk, place, rule, at, each, { staying, matched });
  }
  if (!changed) return batch;
  const flow = matched.length === 0 ? undefined : applyRule(walk, place, rule, matched);
  returned.push(...(flow?.returned ?? []));
  return mergeStates([...staying, ...(flow?.continuing ?? [])]);
}

function take(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  at: Weighted,
  possibility: Possibility,
  into: { readonly staying: Weighted[]; readonly matched: Weighted[] },
): void {
  const share = multiplyFractions(at.share, possibility.share);
  if (possibility.kind === 'known') {
    const after = { ...at, share, state: possibility.state };
    (possibility.matched ? into.matched : into.staying).push(after);
    return;
  }
  const [first, second] = possibility.either;
  if (first.state.key === second.state.key && isHarmless(rule.rule.target)) {
    into.staying.push({ ...at, share, state: first.state });
    return;
  }
  addDistribution(walk.outcomes, weigh(walk, place, rule, at, possibility), share);
}

/** The outcomes of a packet at a rule of which nobody can tell whether it matches. */
function weigh(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  { trail }: Weighted,
  { either, reason }: Extract<Possibility, { kind: 'unknown' }>,
): Distribution {
  const { journey } = walk;
  const step = stepOf(walk.scene, rule.rule);
  const verdict: Verdict = { kind: 'cannot-tell', reason, step };
  if (journey.budget <= 0 || journey.depth >= DEEPEST_DOUBT) {
    const result: Distribution = new Map();
    addShare(result, ONE, verdict, trail);
    return result;
  }
  journey.budget--;
  journey.depth++;
  const [a, b] = either.map((alternative) => followAlternative(walk, place, rule, alternative, trail)) as [
    Distribution,
    Distribution,
  ];
  journey.depth--;
  const { common, open } = commonPart(a, b);
  if (open.numerator > 0n) addShare(common, open, verdict, trail);
  return common;
}

function followAlternative(
  walk: Walk,
  place: Place,
  rule: PreparedRule,
  { matched, state }: Alternative,
  trail: Trail | undefined,
): Distribution {
  const { journey } = walk;
  const at: Weighted = { state, share: ONE, trail };
  if (!matched) return journey.follow(walk, nextPlace(place), at);
  const part: Walk = { ...walk, accepted: [], outcomes: new Map() };
  const { continuing, returned } = applyRule(part, place, rule, [at]);
  journey.proceed(part);
  for (const each of mergeStates(continuing)) {
    addDistribution(
      part.outcomes,
      journey.follow(walk, nextPlace(place), { ...each, share: ONE }),
      each.share,
    );
  }
  for (const each of mergeStates(returned)) {
    addDistribution(part.outcomes, journey.follow(walk, place.caller, { ...each, share: ONE }), each.share);
  }
  return part.outcomes;
}

function nextPlace(place: Place): Place {
  return { ...place, index: place.index + 1 };
}

interface Flow {
  readonly continuing: readonly Weighted[];
  readonly returned: readonly Weighted[];
}

/** What becomes of the packets that match a rule. */
function applyRule(walk: Walk, place: Place, { rule }: PreparedRule, batch: readonly Weighted[]): Flow {
  const step: Step = stepOf(walk.scene, rule);
  const continuing: Weighted[] = [];
  const returned: Weighted[] = [];
  const called: Weighted[] = [];
  const end = ({ share, trail }: Weighted, verdict: Verdict) =>
    addShare(walk.outcomes, share, verdict, trail);
  for (const { state, share, trail: before } of batch) {
    const at: Weighted = { state, share, trail: { step, before } };
    const effect = applyTarget(rule.target, walk.scene.stage, state);
    switch (effect.kind) {
      case 'continue':
        continuing.push({ ...at, state: effect.state });
        break;
      case 'return':
        returned.push(at);
        break;
      case 'jump':
        called.push(at);
        break;
      case 'accept':
        walk.accepted.push({ ...at, state: effect.state });
        break;
      case 'drop':
        end(at, { kind: 'dropped' });
        break;
      case 'reject':
        end(at, { kind: 'rejected', with: effect.with });
        break;
      case 'cannot-tell':
        end(at, { kind: 'cannot-tell', reason: effect.reason, step });
        break;
      default:
        effect satisfies never;
    }
  }
  if (called.length === 0 || rule.target?.kind !== 'jump') return { continuing, returned };
  const back = call(walk, place, rule.target, step, called);
  if (rule.target.goto === true) returned.push(...back);
  else continuing.push(...back);
  return { continuing, returned };
}

/** @returns the states that come back from a chain. */
function call(
  walk: Walk,
  place: Place,
  target: { readonly chain: string; readonly goto?: true },
  step: Step,
  batch: readonly Weighted[],
): readonly Weighted[] {
  const chain = walk.rules.tables.get(walk.scene.stage.table)?.get(target.chain);
  const problem =
    chain === undefined
      ? `there is no chain ${target.chain}`
      : isWithin(chain, place)
        ? `the chain ${target.chain} calls itself`
        : undefined;
  if (chain === undefined || problem !== undefined) {
    for (const { share, trail } of batch) {
      addShare(walk.outcomes, share, { kind: 'cannot-tell', reason: problem as string, step }, trail);
    }
    return [];
  }
  const caller = target.goto === true ? place.caller : nextPlace(place);
  return walkChain(walk, { chain, index: 0, caller, entrance: place }, batch);
}

function isWithin(chain: Chain, place: Place): boolean {
  for (let at: Place | undefined = place; at !== undefined; at = at.entrance)
    if (at.chain === chain) return true;
  return false;
}
