/**
 * What all forms of lint's report are made of. In: nothing; this file is a shape, and the way each form gets its text.
 */
import type { Finding } from '../lint/finding.ts';
import type { RuleDescription } from '../lint/rule.ts';
import type { Position, Severity } from '../shared/diagnostic.ts';

export interface LocatedFinding {
  readonly finding: Finding;
  /** Undefined for what stands in no file, such as an object of a live cluster. */
  readonly position: Position | undefined;
}

export interface LintReport {
  readonly findings: readonly LocatedFinding[];
  /** Findings that annotations have taken out. */
  readonly suppressed: readonly LocatedFinding[];
  /** How many the baseline knows already. */
  readonly known: number;
  readonly objectCount: number;
  /** The rules that were run. */
  readonly rules: readonly RuleDescription[];
  /** Of this program. */
  readonly version: string;
}

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

/** `2 errors, 1 warning`; `nothing` where there is none. */
export function countFindings(findings: readonly LocatedFinding[]): string {
  const counts = SEVERITIES.flatMap((severity) => {
    const count = findings.filter(({ finding }) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'nothing' : counts.join(', ');
}
