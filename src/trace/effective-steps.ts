/**
 * Which of the rules on a packet's way made a difference. In: the path of an outcome. Out: the path without jumps into
 * chains that did nothing to the packet, rules that only log or count, and returns.
 */
import { chainOf, type Step, stepFacts } from './step.ts';

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
    while (open.length > 1 && open.at(-1)?.chain !== chainOf(step)) open.pop();
    const within: StepTree[] = [];
    open.at(-1)?.into.push({ step, within });
    const { leadsTo } = stepFacts(step);
    if (leadsTo !== undefined) open.push({ chain: leadsTo, into: within });
  }
  return roots;
}

export function isIdle({ step, within }: StepTree): boolean {
  const { does } = stepFacts(step);
  return does === 'jump' ? within.every(isIdle) : does === 'return' || does === 'idle';
}

export function effectiveTrees(trees: readonly StepTree[]): readonly StepTree[] {
  return trees
    .filter((tree) => !isIdle(tree))
    .map(({ step, within }) => ({ step, within: effectiveTrees(within) }));
}

export function flatten(trees: readonly StepTree[]): Step[] {
  return trees.flatMap(({ step, within }) => [step, ...flatten(within)]);
}
