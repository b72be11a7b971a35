/** Shows findings as JSON. In: a report. Out: a value; its keys are an interface, so none goes away or changes its meaning. */
import type { LintReport, LocatedFinding } from './lint-report.ts';
import { SEVERITIES } from './lint-report.ts';

export function lintJson({ findings, suppressed, known, objectCount, version }: LintReport): unknown {
  const counts = SEVERITIES.map((severity) => [
    severity,
    findings.filter(({ finding }) => finding.severity === severity).length,
  ]);
  return {
    version,
    objects: objectCount,
    counts: Object.fromEntries(counts),
    suppressed: suppressed.map(findingJson),
    known,
    findings: findings.map(findingJson),
  };
}

function findingJson({ finding, position }: LocatedFinding): unknown {
  const { code, severity, message, why, mend, object, field, origin, fingerprint } = finding;
  return {
    rule: code,
    severity,
    message,
    why,
    mend,
    object: object ?? null,
    field: field ?? null,
    file: origin?.file ?? null,
    line: position?.line ?? null,
    column: position?.column ?? null,
    fingerprint,
  };
}
