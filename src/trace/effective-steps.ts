/**
 * Which of the rules on a packet's way made a difference. In: the path of an outcome. Out: the path without jumps into
 * chains that did nothing to the packet, rules that only log or count, and returns.
 */
import type { SavedTarget } from '../backends/iptables/saved.ts';
import { isHarmless } from './iptables/target.ts';
import type { Step } from './outcome.ts';

/** A rule, and for a jump what happened within the chain. */
export interface StepTree {
  readonly step: Step;
  readonly within: readonly StepTree[];
}

/** Steps nested by the chains that they jump into. */
export function nestSteps(path: readonly Step[]): readonly StepTree[] {
  const roots: StepTree[] = [];
  let open: { readonly chain: string; readonly into: StepTree[] }[] = [];
  let stage = '';
  for (const step of path) {
    const at = `${step.hook} ${step.table}`;
    if (at !== stage) open = [{ chain: step.hook, into: roots }];
    stage = at;
    while (open.length > 1 && open.at(-1)?.chain !== step.rule.chain) open.pop();
    const within: StepTree[] = [];
    open.at(-1)?.into.push({ step, within });
    const { target } = step.rule;
    if (target?.kind === 'jump') open.push({ chain: target.chain, into: within });
  }
  return roots;
}

export function isIdle({ step, within }: StepTree): boolean {
  const { target } = step.rule;
  if (target?.kind === 'jump') return within.every(isIdle);
  return target?.kind === 'return' || isHarmless(target) || isClearedMark(target);
}

/** `--set-xmark 0x4000/0x0` as kube-proxy clears its mark before it masquerades. */
function isClearedMark(target: SavedTarget | undefined): boolean {
  return target?.kind === 'mark' && target.mask === 0;
}

export function effectiveTrees(trees: readonly StepTree[]): readonly StepTree[] {
  return trees
    .filter((tree) => !isIdle(tree))
    .map(({ step, within }) => ({ step, within: effectiveTrees(within) }));
}

export function effectiveSteps(path: readonly Step[]): readonly Step[] {
  return flatten(effectiveTrees(nestSteps(path)));
}

export function flatten(trees: readonly StepTree[]): Step[] {
  return trees.flatMap(({ step, within }) => [step, ...flatten(within)]);
}
