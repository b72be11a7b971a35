/**
 * All that can happen when a packet meets a rule. In: a rule and a state. Out: yes, no, or the possibilities with their
 * shares. Mirrors how the kernel asks one match after the other until one says no, with `xt_statistic` and `xt_recent`,
 * which draw and remember on the way.
 */
import type { SavedMatch } from '../../backends/iptables/saved.ts';
import { type Fraction, fraction, multiplyFractions, ONE } from '../fraction.ts';
import { changeState, type State } from '../state.ts';
import { unknown } from '../truth.ts';
import { type PlainMatch, type Scene, testHeader, testMatch, testRule } from './match.ts';
import type { PreparedRule } from './rule-index.ts';

export type Evaluation = 'yes' | 'no' | readonly Possibility[];

export type Possibility =
  | ({ readonly kind: 'known'; readonly share: Fraction } & Alternative)
  /** One of two, and nobody can tell which. */
  | {
      readonly kind: 'unknown';
      readonly share: Fraction;
      readonly reason: string;
      readonly either: readonly [Alternative, Alternative];
    };

export interface Alternative {
  readonly matched: boolean;
  readonly state: State;
}

/** A packet on its way through a rule's matches. */
interface Thread {
  readonly share: Fraction;
  readonly state: State;
  /** The first match that nobody can tell anything about, and the state if that said no. */
  readonly doubt: { readonly reason: string; readonly stateIfNot: State } | undefined;
}

export function evaluate(scene: Scene, rule: PreparedRule, state: State): Evaluation {
  if (rule.ordered) return evaluateInOrder(scene, rule, state);
  const truth = testRule(scene, rule, state);
  if (typeof truth === 'boolean') return truth ? 'yes' : 'no';
  return [close({ share: ONE, state, doubt: { reason: truth.reason, stateIfNot: state } }, true)];
}

function evaluateInOrder(scene: Scene, rule: PreparedRule, state: State): Evaluation {
  const header = testHeader(scene, rule, state);
  if (header === false) return 'no';
  let threads: readonly Thread[] = [
    {
      share: ONE,
      state,
      doubt: header === true ? undefined : { reason: header.reason, stateIfNot: state },
    },
  ];
  const done: Possibility[] = [];
  for (const match of rule.matches) {
    const next: Thread[] = [];
    for (const thread of threads) {
      for (const { thread: after, matched } of follow(scene, match, thread)) {
        if (matched) next.push(after);
        else done.push(close(after, false));
      }
    }
    threads = next;
  }
  return [...done, ...threads.map((thread) => close(thread, true))];
}

function close({ share, state, doubt }: Thread, matched: boolean): Possibility {
  if (doubt === undefined) return { kind: 'known', share, matched, state };
  const { reason, stateIfNot } = doubt;
  if (!matched && state.key === stateIfNot.key) return { kind: 'known', share, matched, state };
  const either = [
    { matched: false, state: stateIfNot },
    { matched, state },
  ] as const;
  return { kind: 'unknown', share, reason, either };
}

interface Followed {
  readonly thread: Thread;
  readonly matched: boolean;
}

function follow(scene: Scene, match: SavedMatch, thread: Thread): readonly Followed[] {
  switch (match.kind) {
    case 'random':
      return draw(match, thread);
    case 'recent':
      return remember(match, thread);
    default:
      return test(scene, match, thread);
  }
}

function test(scene: Scene, match: PlainMatch, thread: Thread): readonly Followed[] {
  const truth = testMatch(scene, match, thread.state);
  if (typeof truth === 'boolean') return [{ thread, matched: truth }];
  return [{ thread: inDoubt(thread, truth.reason), matched: true }];
}

function inDoubt(thread: Thread, reason: string): Thread {
  return { ...thread, doubt: thread.doubt ?? { reason, stateIfNot: thread.state } };
}

/** The kernel compares 31 random bits with `parts`. */
function draw({ parts, negated }: Extract<SavedMatch, { kind: 'random' }>, thread: Thread): Followed[] {
  const below = BigInt(parts);
  const all = 1n << 31n;
  const yes = negated === true ? all - below : below;
  const branches = [
    { count: yes, matched: true },
    { count: all - yes, matched: false },
  ];
  return branches
    .filter(({ count }) => count > 0n)
    .map(({ count, matched }) => ({
      thread: {
        ...thread,
        share: count === all ? thread.share : multiplyFractions(thread.share, fraction(count, all)),
      },
      matched,
    }));
}

/** As `recent_mt`: `set` always matches, the others match a source that is on the list, and seen lately enough. */
function remember(match: Extract<SavedMatch, { kind: 'recent' }>, thread: Thread): readonly Followed[] {
  const { operation, list, side, seconds } = match;
  const { state } = thread;
  if (side === 'destination' || state.translation.kind !== 'unchanged') {
    const what = unknown(`which addresses the list ${list} holds is unknown`);
    return operation === 'set'
      ? [{ thread, matched: match.negated !== true }]
      : [{ thread: inDoubt(thread, what.reason), matched: true }];
  }
  const age = state.recent.get(list);
  const found = age !== undefined && (operation === 'remove' || seconds === undefined || age <= seconds);
  const matched = (operation === 'set' || found) !== (match.negated === true);
  const recent = new Map(state.recent);
  // `--reap` deletes entries that `--seconds` leaves out anyway.
  if (operation === 'set' || (operation === 'update' && age !== undefined && matched)) recent.set(list, 0);
  else if (operation === 'remove') recent.delete(list);
  else return [{ thread, matched }];
  return [{ thread: { ...thread, state: changeState(state, { recent }) }, matched }];
}
