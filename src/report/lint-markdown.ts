/**
 * Shows findings as a comment on a pull request. In: a report. Out: Markdown below GitHub's limit. What comes from elsewhere
 * is escaped character by character: it makes no links, mentions nobody and holds no HTML.
 */
import { formatObjectReference, type Severity } from '../shared/diagnostic.ts';
import { countFindings, type LintReport, type LocatedFinding, SEVERITIES } from './lint-report.ts';
import { plainText } from './plain-text.ts';

/** GitHub takes 65,536 characters; the rest is for the line that says how much was left out. */
const MOST_CHARACTERS = 65_000;

const MARKS: Readonly<Record<Severity, string>> = { error: '❌', warning: '⚠️', note: 'ℹ️' };

export function* lintMarkdown({ findings, objectCount }: LintReport): Generator<string> {
  const worst = SEVERITIES.find((severity) => findings.some(({ finding }) => finding.severity === severity));
  const head = `### ${worst === undefined ? '✅' : MARKS[worst]} lint: ${countFindings(findings)} in ${objectCount} object${objectCount === 1 ? '' : 's'}\n\n`;
  yield head;
  let length = head.length;
  const ordered = SEVERITIES.flatMap((severity) =>
    findings.filter(({ finding }) => finding.severity === severity),
  );
  for (const [i, located] of ordered.entries()) {
    const text = item(located);
    length += text.length;
    if (length > MOST_CHARACTERS) {
      yield `\n… and ${ordered.length - i} more: see the output of lint.\n`;
      return;
    }
    yield text;
  }
}

function item({ finding, position }: LocatedFinding): string {
  const { severity, code, object, message, why, mend, origin } = finding;
  const place = origin && `${origin.file}${position === undefined ? '' : `:${position.line}`}`;
  const parts = [
    ...(place === undefined ? [] : [escapeMarkdown(place)]),
    ...(object === undefined ? [] : [`**${escapeMarkdown(formatObjectReference(object))}**`]),
    escapeMarkdown(message),
  ];
  return `- ${MARKS[severity]} ${parts.join(' · ')} (${code})\n  <br>*Why:* ${escapeMarkdown(why)}\n  <br>*Mend:* ${escapeMarkdown(mend)}\n`;
}

/** Letters, digits and what is never markup stay as they are. */
export function escapeMarkdown(text: string): string {
  return plainText(text).replace(
    /[^\p{L}\p{N} ,;%"'=/.-]/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
