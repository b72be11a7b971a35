/**
 * Runs rules over an input. In: objects, rules, and what of them is wanted. Out: findings in the order of the files, with
 * those taken out that an annotation on the object gives a reason for.
 */
import type { Diagnostic, Severity } from '../shared/diagnostic.ts';
import { formatFieldPath } from '../shared/diagnostic.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { Draft, Fault, Finding } from './finding.ts';
import { withFingerprints } from './fingerprint.ts';
import { type LintInput, lintedCluster } from './linted-cluster.ts';
import { RULES } from './registry.ts';
import type { RuleDescription } from './rule.ts';
import { suppression } from './rules/suppression.ts';
import { suppress } from './suppressions.ts';

export interface LintSelection {
  /** Whether a rule is wanted; all are, if absent. */
  readonly isWanted?: (id: string) => boolean;
  /** Severities that differ from those of the rules. */
  readonly severityOf?: (id: string) => Severity | undefined;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** Findings that an annotation has taken out. */
  readonly suppressed: readonly Finding[];
  /** How many objects were looked at. */
  readonly objectCount: number;
}

export function lint(
  input: LintInput,
  { isWanted = () => true, severityOf }: LintSelection = {},
): LintResult {
  const cluster = lintedCluster(input);
  const wanted = RULES.filter(({ id }) => isWanted(id));
  const found: Draft[] = [];
  for (const rule of wanted) for (const fault of rule.check(cluster)) found.push(toDraft(rule, fault));
  const { kept, suppressed, faults } = suppress(found, cluster, isWanted);
  if (isWanted(suppression.id)) kept.push(...faults.map((fault) => toDraft(suppression, fault)));
  const finish = (drafts: readonly Draft[]) =>
    withFingerprints(
      drafts
        .map((draft) => ({ ...draft, severity: severityOf?.(draft.code) ?? draft.severity }))
        .sort(compare),
    );
  return { findings: finish(kept), suppressed: finish(suppressed), objectCount: input.objects.length };
}

/** The rules that are there, in the order in which the docs list them. */
export function allRules(): readonly RuleDescription[] {
  return [...RULES, suppression];
}

function toDraft(rule: RuleDescription, { severity, message, why, mend, place }: Fault): Draft {
  const { object, origin, path } = place;
  const field = place.field ?? formatFieldPath(path);
  return {
    severity: severity ?? rule.severity,
    code: rule.id,
    message,
    why: why ?? rule.why,
    mend: mend ?? rule.mend,
    path,
    ...(object === undefined ? {} : { object }),
    ...(origin === undefined ? {} : { origin }),
    ...(field === '' ? {} : { field }),
  };
}

/** By file and document, so that each document is parsed only once more to find its lines. */
function compare(a: Diagnostic, b: Diagnostic): number {
  return (
    compareStrings(a.origin?.file ?? '', b.origin?.file ?? '') ||
    (a.origin?.document ?? 0) - (b.origin?.document ?? 0) ||
    comparePaths(
      [...(a.origin?.path ?? []), ...(a.path ?? [])],
      [...(b.origin?.path ?? []), ...(b.path ?? [])],
    ) ||
    compareStrings(a.code, b.code) ||
    compareStrings(a.message, b.message)
  );
}

function comparePaths(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : compareStrings(`${x}`, `${y}`);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
