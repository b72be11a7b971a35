/** `diff` as a function. In: a compilation, and a host's rules or another compilation. Out: what differs, and what that does. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { NodeDiff } from '../diff/change.ts';
import type { FamilyQuestion } from '../diff/diff-family.ts';
import { diffNode } from '../diff/diff-node.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { Compilation } from './compile.ts';
import { compiledRules } from './compiled-rules.ts';
import { type HostTexts, hostRules } from './host-rules.ts';

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

/**
 * @param intended what kube-proxy should have programmed
 * @param actual what is there: a host's rules, or what another compilation makes
 * @param addresses on the host's interfaces, beside those that the node is known to have
 * @throws OperationalError for rules of another mode, and for modes through which packets cannot be followed.
 */
export function diff(
  intended: Compilation,
  actual: Compilation | HostTexts,
  addresses: readonly string[] = [],
): NodeDiff {
  if ('kind' in actual && actual.kind !== intended.compiled.mode) {
    throw new OperationalError(`rules of mode ${intended.compiled.mode} cannot be those of ${actual.kind}`);
  }
  const questions = FAMILIES.flatMap((family): FamilyQuestion[] => {
    const found = actualSide(actual, family);
    if (found === undefined) return [];
    const rules = compiledRules(intended.compiled, family);
    const known = [...new Set([...intended.view.node.interfaceAddresses, ...addresses])];
    return [{ family, intended: { rules, view: intended.view }, actual: found, addresses: known }];
  });
  return diffNode(questions);
}

function actualSide(actual: Compilation | HostTexts, family: IPFamily): FamilyQuestion['actual'] | undefined {
  if (!('kind' in actual)) return { rules: compiledRules(actual.compiled, family), view: actual.view };
  const rules = hostRules(actual, family);
  return rules && { rules };
}
