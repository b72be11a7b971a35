/**
 * Shows findings as SARIF 2.1.0, which code-scanning services read. In: a report. Out: one run, with the rules that were run
 * and their help, regions, fingerprints, and findings that annotations have taken out as suppressed ones.
 */

import type { RuleDescription } from '../lint/rule.ts';
import { formatObjectReference } from '../shared/diagnostic.ts';
import { ruleDoc } from './lint-docs.ts';
import { type LintReport, type LocatedFinding, SEVERITIES } from './lint-report.ts';
import { plainText } from './plain-text.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** GitHub refuses a run with more results. */
const MOST_RESULTS = 25_000;

export function lintSarif(report: LintReport): unknown {
  const { rules, version } = report;
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const kept = worstFirst(report.findings).slice(0, MOST_RESULTS);
  const suppressed = report.suppressed.slice(0, MOST_RESULTS - kept.length);
  const leftOut = report.findings.length + report.suppressed.length - kept.length - suppressed.length;
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'svcrules',
            ...(/^[0-9]+\.[0-9]+\.[0-9]+/.test(version) ? { semanticVersion: version } : {}),
            rules: rules.map(ruleJson),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications(leftOut) }],
        results: [
          ...kept.map((located) => resultJson(located, indexes)),
          ...suppressed.map((located) => ({
            ...resultJson(located, indexes),
            suppressions: [{ kind: 'inSource' }],
          })),
        ],
      },
    ],
  };
}

function worstFirst(findings: readonly LocatedFinding[]): readonly LocatedFinding[] {
  if (findings.length <= MOST_RESULTS) return findings;
  return SEVERITIES.flatMap((severity) => findings.filter(({ finding }) => finding.severity === severity));
}

function notifications(leftOut: number): readonly unknown[] {
  if (leftOut === 0) return [];
  const text = `${leftOut} findings were left out: a run has at most ${MOST_RESULTS}`;
  return [{ level: 'warning', message: { text } }];
}

function ruleJson(rule: RuleDescription): unknown {
  const { id, title, what, why, mend, severity } = rule;
  return {
    id,
    shortDescription: { text: sentence(title) },
    fullDescription: { text: `${what} ${sentence(why)}` },
    help: { text: `${sentence(why)} ${sentence(mend)}`, markdown: ruleDoc(rule) },
    defaultConfiguration: { level: severity },
    properties: { tags: ['kubernetes', 'service'] },
  };
}

function resultJson({ finding, position }: LocatedFinding, indexes: ReadonlyMap<string, number>) {
  const { code, severity, object, message, why, mend, origin, fingerprint } = finding;
  const ruleIndex = indexes.get(code);
  const subject = object === undefined ? '' : `${formatObjectReference(object)}: `;
  const physicalLocation = {
    artifactLocation: { uri: uriOf(origin?.file ?? '-') },
    region: { startLine: position?.line ?? 1, startColumn: position?.column ?? 1 },
  };
  const logicalLocations =
    object === undefined
      ? {}
      : {
          logicalLocations: [{ fullyQualifiedName: plain(formatObjectReference(object)), kind: 'resource' }],
        };
  return {
    ruleId: code,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: severity,
    message: {
      text: `${sentence(plain(`${subject}${message}`))} ${sentence(plain(why))} ${sentence(plain(mend))}`,
    },
    locations: [{ physicalLocation, ...logicalLocations }],
    partialFingerprints: { 'svcrules/v1': fingerprint },
  };
}

function sentence(text: string): string {
  return `${text}.`;
}

/** Viewers make links of `[text](target)`; nothing in a manifest shall be one. */
function plain(text: string): string {
  return plainText(text).replaceAll('](', '] (');
}

/** A relative reference with slashes, or a file URL; standard input has a name of its own. */
export function uriOf(file: string): string {
  if (file === '-') return 'stdin';
  const steps = file.split('/').filter((step, i) => step !== '.' && (step !== '' || i === 0));
  const path = steps.map((step) => encodeURIComponent(step.replace(/\p{Cs}/gu, '\ufffd'))).join('/');
  return file.startsWith('/') ? `file://${path}` : path;
}
