/**
 * Shows findings as GitHub's workflow commands, which become annotations of a pull request. In: a report. Out: one line a
 * finding, the worst first: GitHub shows ten errors, ten warnings and ten notices of a step.
 *
 * Form and escapes: actions/toolkit, `packages/core/src/command.ts`.
 */
import { formatObjectReference, type Severity } from '../shared/diagnostic.ts';
import { countFindings, type LintReport, type LocatedFinding, SEVERITIES } from './lint-report.ts';
import { plainText } from './plain-text.ts';

/** Of each severity, in one step. */
const SHOWN = 10;

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

export function* lintGithub({ findings }: LintReport): Generator<string> {
  let hidden = 0;
  for (const severity of SEVERITIES) {
    const ofSeverity = findings.filter(({ finding }) => finding.severity === severity);
    hidden += Math.max(0, ofSeverity.length - SHOWN);
    for (const located of ofSeverity) yield annotation(located);
  }
  if (hidden === 0) return;
  const text = `${countFindings(findings)}: GitHub shows ${SHOWN} of each; the log has all`;
  yield `::notice title=svcrules lint::${escapeData(text)}\n`;
}

function annotation({ finding, position }: LocatedFinding): string {
  const { severity, code, object, message, why, mend, origin } = finding;
  const properties = [
    ...(origin === undefined ? [] : [`file=${escapeProperty(plainText(origin.file))}`]),
    ...(position === undefined ? [] : [`line=${position.line}`, `col=${position.column}`]),
    `title=${escapeProperty(code)}`,
  ];
  const subject = object === undefined ? '' : `${formatObjectReference(object)}: `;
  // Only the breaks that are made here are breaks of the annotation.
  const text = [`${subject}${message}`, `why: ${why}`, `mend: ${mend}`].map(plainText).join('\n');
  return `::${COMMANDS[severity]} ${properties.join(',')}::${escapeData(text)}\n`;
}

export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
