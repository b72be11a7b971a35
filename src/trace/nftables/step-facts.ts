/** What rules of nftables say, in the words that all modes share. In: a rule, and the element that it met. Out: its facts. */
import type { ListedElement, ListedRule, ListedStatement } from '../../backends/nftables/listed.ts';
import type { StepFacts } from '../step-facts.ts';

export function listedRuleFacts(rule: ListedRule, element: ListedElement | undefined): StepFacts {
  const verdict = element?.verdict ?? verdictOf(rule);
  return {
    does: whatItDoes(rule, verdict),
    leadsTo: verdict !== undefined && 'chain' in verdict ? verdict.chain : undefined,
    comment: element?.comment ?? rule.comment ?? '',
    remembers: rule.statements.flatMap((statement) =>
      statement.kind === 'set-update' && statement.operation !== 'delete' ? [statement.set] : [],
    ),
  };
}

type Verdict = Extract<ListedStatement, { kind: 'verdict' }>['verdict'];

function verdictOf({ statements }: ListedRule): Verdict | undefined {
  const last = statements.at(-1);
  return last?.kind === 'verdict' ? last.verdict : undefined;
}

function whatItDoes({ statements }: ListedRule, verdict: Verdict | undefined): StepFacts['does'] {
  if (verdict !== undefined && 'chain' in verdict) return 'jump';
  if (verdict?.kind === 'return') return 'return';
  if (statements.some(({ kind }) => kind === 'masquerade' || kind === 'snat')) return 'source';
  if (statements.some((statement) => statement.kind === 'mark-set' && setsBits(statement))) return 'mark';
  return (verdict === undefined || verdict.kind === 'continue') && statements.every(isIdle)
    ? 'idle'
    : 'other';
}

/** kube-proxy flips its mark away with `meta mark ^ 0x4000` before it masquerades. */
function setsBits({ and }: Extract<ListedStatement, { kind: 'mark-set' }>): boolean {
  return and !== 0xffffffff;
}

function isIdle({ kind }: ListedStatement): boolean {
  return (
    kind === 'match' || kind === 'counter' || kind === 'log' || kind === 'mark-set' || kind === 'verdict'
  );
}

/** As `nft` prints it. */
export function listedRuleText({ text, comment }: ListedRule): string {
  return comment === undefined ? text : `${text} comment "${comment}"`;
}

/** Its chain counts: nftables' rules do not name it. */
export function listedRuleMeaning({ chain, text }: ListedRule, element: ListedElement | undefined): string {
  if (element === undefined) return `${chain} ${text}`;
  const { key, verdict, value } = element;
  return `${chain} ${text} ${JSON.stringify([key, verdict, value])}`;
}
