/**
 * Shows findings as JUnit's XML, which most CI systems read. In: a report. Out: a suite a file and a test case a finding;
 * errors and warnings have failed, notes are skipped. Where there are none, one case has passed.
 */
import { formatObjectReference } from '../shared/diagnostic.ts';
import type { LintReport, LocatedFinding } from './lint-report.ts';
import { plainText } from './plain-text.ts';

export function* lintJunit({ findings }: LintReport): Generator<string> {
  const byFile = new Map<string, LocatedFinding[]>();
  for (const located of findings) {
    const file = located.finding.origin?.file ?? '';
    const list = byFile.get(file);
    if (list === undefined) byFile.set(file, [located]);
    else list.push(located);
  }
  if (byFile.size === 0) byFile.set('', []);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  // Readers know no skipped ones here.
  yield `<testsuites name="svcrules lint" ${counts(findings).replace(/ skipped="\d+"/, '')}>\n`;
  for (const [file, list] of byFile) {
    yield `  <testsuite name="${escapeXml(file || 'svcrules lint')}" ${counts(list)}>\n`;
    if (list.length === 0) yield '    <testcase name="nothing found" classname="svcrules lint"/>\n';
    for (const located of list) yield testCase(located);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

function counts(findings: readonly LocatedFinding[]): string {
  const skipped = findings.filter(({ finding }) => finding.severity === 'note').length;
  const failures = findings.length - skipped;
  return `tests="${Math.max(1, findings.length)}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

function testCase({ finding, position }: LocatedFinding): string {
  const { code, object, message, severity, why, mend, origin } = finding;
  const place = `${origin?.file ?? ''}${position === undefined ? '' : `:${position.line}:${position.column}`}`;
  const name = [object === undefined ? '' : formatObjectReference(object), place]
    .filter((part) => part !== '')
    .join(' at ');
  const head = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(code)}">`;
  const text = escapeXml(message);
  const body =
    severity === 'note'
      ? `<skipped message="${text}"/>`
      : `<failure type="${severity}" message="${text}">${escapeXml(place)}: ${text}\nwhy: ${escapeXml(why)}\nmend: ${escapeXml(mend)}</failure>`;
  return `${head}\n      ${body}\n    </testcase>\n`;
}

/** What XML 1.0 cannot hold at all becomes an escape of ours. */
export function escapeXml(text: string): string {
  return plainText(text)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
