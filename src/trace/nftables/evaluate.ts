/**
 * All that can happen when a packet meets a rule. In: a rule and a state. Out: the ends that its statements can come to,
 * with their shares. Mirrors `nft_do_chain`: statement after statement, until one breaks the rule off or gives a verdict.
 */
import type { ListedElement, ListedVerdict } from '../../backends/nftables/listed.ts';
import { type Fraction, multiplyFractions, ONE } from '../fraction.ts';
import type { State } from '../state.ts';
import { drawNumbers, readValues } from './drawn-values.ts';
import { applyStatement, type Effect, NEXT, updateSet } from './effect.ts';
import { isListedElement, lookUp, testMatch } from './match.ts';
import type { Scene } from './packet-values.ts';
import type { PreparedRule, PreparedStatement } from './prepared.ts';
import { natureOf } from './unknown-statement.ts';

export type Possibility =
  | ({ readonly kind: 'known'; readonly share: Fraction } & End)
  /** One of several, and nobody can tell which. */
  | {
      readonly kind: 'unknown';
      readonly share: Fraction;
      readonly reason: string;
      readonly among: readonly End[];
    };

/** Where a rule leaves a packet. */
export interface End {
  readonly state: State;
  readonly effect: Effect;
  /** Whether the packet came through the rule, or was changed by it. */
  readonly met: boolean;
  /** Of the last set or map that had one, also of an anonymous map; those have no name. */
  readonly element: ListedElement | undefined;
}

/** A packet on its way through a rule's statements. */
interface Thread {
  readonly share: Fraction;
  readonly state: State;
  readonly element: ListedElement | undefined;
  /** The first statement that nobody can tell anything about, and the state if that broke the rule off. */
  readonly doubt: { readonly reason: string; readonly stateIfNot: State } | undefined;
}

type Followed =
  | { readonly kind: 'on'; readonly thread: Thread }
  | { readonly kind: 'broken'; readonly thread: Thread }
  | { readonly kind: 'end'; readonly thread: Thread; readonly effect: Effect }
  /** One of several elements, or none. */
  | {
      readonly kind: 'open';
      readonly thread: Thread;
      readonly reason: string;
      readonly verdicts: readonly VerdictOf[];
    };

interface VerdictOf {
  readonly verdict: ListedVerdict;
  readonly element: ListedElement;
}

/** Of more elements, nobody wants to follow each. */
const MOST_CANDIDATES = 16;

export function evaluate(scene: Scene, rule: PreparedRule, state: State): readonly Possibility[] {
  let threads: readonly Thread[] = [{ share: ONE, state, element: undefined, doubt: undefined }];
  const done: Possibility[] = [];
  for (const statement of rule.statements) {
    const next: Thread[] = [];
    for (const thread of threads) {
      for (const followed of follow(scene, statement, thread)) {
        if (followed.kind === 'on') next.push(followed.thread);
        else done.push(close(followed, state));
      }
    }
    threads = next;
    if (threads.length === 0) break;
  }
  for (const thread of threads) done.push(close({ kind: 'end', thread, effect: NEXT }, state));
  return done;
}

function close(followed: Exclude<Followed, { kind: 'on' }>, before: State): Possibility {
  const { thread } = followed;
  const { share, state, element, doubt } = thread;
  const broken = (at: State): End => ({
    state: at,
    effect: NEXT,
    met: at.key !== before.key,
    element: undefined,
  });
  switch (followed.kind) {
    case 'broken':
      if (doubt === undefined || doubt.stateIfNot.key === state.key) {
        return { kind: 'known', share, ...broken(state) };
      }
      return unsure(share, doubt.reason, [broken(doubt.stateIfNot), broken(state)]);
    case 'end': {
      const { effect } = followed;
      const end: End = { state, effect, met: true, element };
      if (doubt === undefined) return { kind: 'known', share, ...end };
      if (effect.kind === 'next' && doubt.stateIfNot.key === state.key) {
        return { kind: 'known', share, ...broken(state) };
      }
      return unsure(share, doubt.reason, [broken(doubt.stateIfNot), end]);
    }
    case 'open': {
      const ends = followed.verdicts.map(
        ({ verdict, element: of }): End => ({ state, effect: effectOf(verdict), met: true, element: of }),
      );
      const none = [broken(state), ...(doubt === undefined ? [] : [broken(doubt.stateIfNot)])];
      return unsure(share, doubt?.reason ?? followed.reason, [...none, ...ends]);
    }
    default:
      return followed satisfies never;
  }
}

function unsure(share: Fraction, reason: string, among: readonly End[]): Possibility {
  return { kind: 'unknown', share, reason, among };
}

function inDoubt(thread: Thread, reason: string): Thread {
  return { ...thread, doubt: thread.doubt ?? { reason, stateIfNot: thread.state } };
}

function follow(scene: Scene, statement: PreparedStatement, thread: Thread): readonly Followed[] {
  switch (statement.kind) {
    case 'match':
      return followMatch(scene, statement, thread);
    case 'vmap':
      return followVerdictMap(scene, statement, thread);
    case 'other':
      return followOther(scene, statement.listed, thread);
    default:
      return statement satisfies never;
  }
}

function followOther(
  scene: Scene,
  listed: Extract<PreparedStatement, { kind: 'other' }>['listed'],
  thread: Thread,
): readonly Followed[] {
  const on: Followed = { kind: 'on', thread };
  switch (listed.kind) {
    case 'counter':
    case 'log':
      return [on];
    case 'verdict':
      return [{ kind: 'end', thread, effect: effectOf(listed.verdict) }];
    case 'set-update':
      return [{ kind: 'on', thread: { ...thread, state: updateSet(scene, listed, thread.state) } }];
    case 'unknown': {
      const nature = natureOf(listed.text);
      if (nature === 'harmless') return [on];
      if (nature === 'asks') {
        return [{ kind: 'on', thread: inDoubt(thread, `what ${listed.text} says is unknown`) }];
      }
      const reason = `what ${listed.text} does here is not understood`;
      return [{ kind: 'end', thread, effect: { kind: 'cannot-tell', reason } }];
    }
    case 'dnat':
      if (listed.key !== undefined && listed.key.kind === 'numgen') {
        const { key } = listed;
        return drawNumbers(key).flatMap(({ share, number }) => {
          const to = listed.to.filter((target) => target.number === number);
          const drawn = { ...thread, share: multiplyFractions(thread.share, share) };
          return to.length === 0
            ? [{ kind: 'broken', thread: drawn } as const]
            : apply(scene, { ...listed, to }, drawn);
        });
      }
      return apply(scene, listed, thread);
    default:
      return apply(scene, listed, thread);
  }
}

function apply(
  scene: Scene,
  listed: Parameters<typeof applyStatement>[1],
  thread: Thread,
): readonly Followed[] {
  const applied = applyStatement(scene, listed, thread.state);
  const after = { ...thread, state: applied.state };
  if (applied.kind === 'broken') return [{ kind: 'broken', thread: after }];
  return applied.effect === undefined
    ? [{ kind: 'on', thread: after }]
    : [{ kind: 'end', thread: after, effect: applied.effect }];
}

function effectOf(verdict: ListedVerdict): Effect {
  switch (verdict.kind) {
    case 'accept':
      return { kind: 'accept', translated: false };
    case 'drop':
    case 'return':
      return { kind: verdict.kind };
    case 'continue':
      return NEXT;
    case 'jump':
    case 'goto':
      return { kind: 'jump', chain: verdict.chain, goto: verdict.kind === 'goto' };
    default:
      return verdict satisfies never;
  }
}

function followMatch(
  scene: Scene,
  statement: Extract<PreparedStatement, { kind: 'match' }>,
  thread: Thread,
): readonly Followed[] {
  const { listed } = statement;
  return readValues(scene, listed.left, thread.state).map(({ share, parts }): Followed => {
    const drawn = share === ONE ? thread : { ...thread, share: multiplyFractions(thread.share, share) };
    if (parts.some(({ kind }) => kind === 'none')) return { kind: 'broken', thread: drawn };
    const { truth, element } = testMatch(statement, parts, thread.state);
    if (truth === false) return { kind: 'broken', thread: drawn };
    const after = element === undefined ? drawn : { ...drawn, element };
    return { kind: 'on', thread: truth === true ? after : inDoubt(after, truth.reason) };
  });
}

function followVerdictMap(
  scene: Scene,
  statement: Extract<PreparedStatement, { kind: 'vmap' }>,
  thread: Thread,
): readonly Followed[] {
  const { listed, lookup } = statement;
  if (lookup === undefined) {
    const name = listed.map.kind === 'named' ? listed.map.name : '';
    return [{ kind: 'end', thread, effect: { kind: 'cannot-tell', reason: `there is no map ${name}` } }];
  }
  return readValues(scene, listed.key, thread.state).map(({ share, parts }): Followed => {
    const drawn = share === ONE ? thread : { ...thread, share: multiplyFractions(thread.share, share) };
    if (parts.some(({ kind }) => kind === 'none')) return { kind: 'broken', thread: drawn };
    const found = lookUp(lookup, listed.key, parts, thread.state);
    if (found.kind === 'absent') return { kind: 'broken', thread: drawn };
    const candidates = found.kind === 'found' ? [found.element] : found.candidates;
    const verdicts = candidates.flatMap((element): VerdictOf[] =>
      isListedElement(element) && element.verdict !== undefined
        ? [{ verdict: element.verdict, element }]
        : [],
    );
    const [only] = verdicts;
    if (found.kind === 'found' && only !== undefined) return giveVerdict(drawn, only);
    const goesOn = verdicts.some(({ verdict }) => verdict.kind === 'continue');
    const reason = found.kind === 'unknown' ? found.reason : 'an element without a verdict is not understood';
    if (goesOn || verdicts.length < candidates.length || verdicts.length > MOST_CANDIDATES) {
      return { kind: 'end', thread: drawn, effect: { kind: 'cannot-tell', reason } };
    }
    return { kind: 'open', thread: drawn, reason, verdicts };
  });
}

function giveVerdict(thread: Thread, { verdict, element }: VerdictOf): Followed {
  const after = { ...thread, element };
  if (verdict.kind === 'continue') return { kind: 'on', thread: after };
  return { kind: 'end', thread: after, effect: effectOf(verdict) };
}
