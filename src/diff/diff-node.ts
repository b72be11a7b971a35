/**
 * Compares all that two sides have of one node. In: for each family the rules of both sides. Out: what differs, by Service.
 * The two are equal only where no rule of kube-proxy differs, no packet fares otherwise and nothing was left in doubt.
 */
import type { NodeDiff } from './change.ts';
import { diffFamily, type FamilyQuestion } from './diff-family.ts';
import type { Leftover } from './leftovers.ts';

export function diffNode(
  questions: readonly FamilyQuestion[],
  leftovers: readonly Leftover[] = [],
): NodeDiff {
  const families = questions.map(diffFamily);
  const services = families.flatMap((each) => each.services);
  const foreign = families.flatMap((each) => each.foreign);
  const unknown = families.flatMap((each) => each.unknown);
  const differing = families.reduce((sum, { differingRules }) => sum + differingRules, 0);
  const names = new Set<string>();
  for (const { family, intended } of questions) {
    for (const { servicePort } of intended.view.families[family].servicePorts)
      names.add(`${servicePort.namespace}/${servicePort.serviceName}`);
  }
  return {
    equal:
      differing === 0 &&
      services.length + foreign.length + leftovers.length === 0 &&
      !unknown.some(({ open }) => open),
    services,
    foreign,
    unknown,
    stale: families.flatMap((each) => each.stale),
    leftovers,
    compared: names.size,
    chains: () => families.flatMap((each) => each.chains()),
  };
}
