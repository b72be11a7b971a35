/** Shows findings as text for people: each as a diagnostic with its rule, then one line that counts them. */
import type { ChalkInstance } from 'chalk';
import { diagnosticText } from './diagnostics.ts';
import { countFindings, type LintReport } from './lint-report.ts';

export function* lintText(report: LintReport, chalk: ChalkInstance): Generator<string> {
  for (const { finding, position } of report.findings) {
    const { code, message } = finding;
    yield diagnosticText({ ...finding, message: `${message} [${code}]` }, () => position, chalk);
  }
  const { findings, suppressed, known, objectCount } = report;
  const aside = [
    ...(suppressed.length === 0 ? [] : [`${suppressed.length} ignored by annotations`]),
    ...(known === 0 ? [] : [`${known} known to the baseline`]),
  ];
  const rest = aside.length === 0 ? '' : ` (${aside.join(', ')})`;
  yield `${countFindings(findings)} in ${objectCount} object${objectCount === 1 ? '' : 's'}${rest}\n`;
}
