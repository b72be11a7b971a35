/** What rules of iptables say, in the words that all modes share. In: a rule. Out: its facts and texts. */
import { printSavedRule } from '../../backends/iptables/print-saved.ts';
import type { SavedRule, SavedTarget } from '../../backends/iptables/saved.ts';
import type { StepFacts } from '../step-facts.ts';
import { isHarmless } from './target.ts';

export function savedRuleFacts({ matches, target }: SavedRule): StepFacts {
  const comment = matches.find((match) => match.kind === 'comment');
  return {
    does: whatItDoes(target),
    leadsTo: target?.kind === 'jump' ? target.chain : undefined,
    comment: comment?.text ?? '',
    remembers: matches.flatMap((match) =>
      match.kind === 'recent' && (match.operation === 'set' || match.operation === 'update')
        ? [match.list]
        : [],
    ),
  };
}

function whatItDoes(target: SavedTarget | undefined): StepFacts['does'] {
  if (target === undefined || isHarmless(target)) return 'idle';
  switch (target.kind) {
    case 'jump':
    case 'return':
      return target.kind;
    case 'masquerade':
    case 'snat':
      return 'source';
    // `--set-xmark 0x4000/0x0`: kube-proxy clears its mark before it masquerades.
    case 'mark':
      return target.mask === 0 ? 'idle' : 'mark';
    default:
      return 'other';
  }
}

/** As `iptables-save` prints it, without counters. */
export function savedRuleText({ counters: _, tail: __, ...rule }: SavedRule): string {
  return printSavedRule(rule);
}

export function savedRuleMeaning(rule: SavedRule): string {
  const matches = rule.matches.filter(({ kind }) => kind !== 'comment' && kind !== 'nfacct');
  return savedRuleText({ ...rule, matches });
}
