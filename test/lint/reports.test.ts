/** The forms of lint's report: whole, and with hostile text in every place that text can come from. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/lint/finding.ts';
import { allRules } from '../../src/lint/lint.ts';
import { lintGithub } from '../../src/report/lint-github.ts';
import { escapeXml, lintJunit } from '../../src/report/lint-junit.ts';
import { lintMarkdown } from '../../src/report/lint-markdown.ts';
import type { LintReport, LocatedFinding } from '../../src/report/lint-report.ts';
import { lintSarif, uriOf } from '../../src/report/lint-sarif.ts';
import { lintText } from '../../src/report/lint-text.ts';
import { style } from '../../src/report/style.ts';
import { hostileStrings } from '../support/hostile-strings.ts';

const PAYLOADS = [
  '::error::x',
  'a\n::set-output name=x::y',
  'a\r\n::add-mask::y',
  'a%0A::error::b',
  'a,line=1,title=x::',
  'a:b,c',
  '%25%0D',
  '</failure><x/>',
  ']]><x/>',
  '&lt;',
  '"><x y="',
  '[click](https://example.com)',
  '@everyone',
  '<img src=x onerror=y>',
  '`code` **bold** | cell |',
  '\ufffe\uffff',
  ...hostileStrings(1, 200),
];

function located(text: string, severity: Finding['severity'] = 'error'): LocatedFinding {
  const finding: Finding = {
    severity,
    code: 'admission',
    message: text,
    why: text,
    mend: text,
    object: { kind: text, namespace: text, name: text },
    field: text,
    origin: { file: text, document: 1, path: [] },
    path: [],
    fingerprint: 'f'.repeat(32),
  };
  return { finding, position: { line: 3, column: 5 } };
}

function report(findings: readonly LocatedFinding[], suppressed: readonly LocatedFinding[] = []): LintReport {
  return { findings, suppressed, known: 0, objectCount: 1, rules: allRules(), version: '1.2.3' };
}

const joined = (pieces: Iterable<string>) => [...pieces].join('');

describe('hostile text', () => {
  it('is at least 200 payloads', () => expect(PAYLOADS.length).toBeGreaterThanOrEqual(200));

  it.each(
    PAYLOADS.map((text) => [JSON.stringify(text).slice(0, 60), text]),
  )('stays text in GitHub annotations: %s', (_, text) => {
    const output = joined(lintGithub(report([located(text)])));
    expect(output.split('\n')).toHaveLength(2);
    const parts = /^::error file=([^,:]*),line=3,col=5,title=admission::([^\r\n]*)\n$/.exec(output);
    expect(parts).not.toBeNull();
    // What the runner would make of it has three lines, and the break is ours.
    const message = decode(parts?.[2] ?? '');
    expect(message.split('\n')).toHaveLength(3);
    expect(message).not.toMatch(/[\r\p{Cf}\p{Cs}]/u);
  });

  it.each(
    PAYLOADS.map((text) => [JSON.stringify(text).slice(0, 60), text]),
  )('stays text elsewhere: %s', (_, text) => {
    const one = report([located(text)]);
    const chalk = style('never', { isTerminal: false, noColor: undefined });
    const lines = joined(lintText(one, chalk)).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    const xml = joined(lintJunit(one));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u);
    expect(xml.match(/<[a-z/?]+/g)).toEqual(joined(lintJunit(report([located('x')]))).match(/<[a-z/?]+/g));
    // A longer one would be left out.
    const markdown = joined(lintMarkdown(report([located(text.slice(0, 1000))])));
    expect(markdown.split('\n')).toHaveLength(6);
    expect(markdown.match(/[<@`[]/g)).toEqual(joined(lintMarkdown(report([located('x')]))).match(/[<@`[]/g));
    const sarif = JSON.stringify(lintSarif(one));
    expect(sarif).not.toContain('](https://example.com)');
    expect(() => JSON.parse(sarif)).not.toThrow();
  });
});

/** As the runner undoes it. */
function decode(text: string): string {
  return text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%');
}

interface Sarif {
  readonly version: string;
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly { readonly toolExecutionNotifications: readonly unknown[] }[];
      readonly results: readonly Readonly<Record<string, unknown>>[];
    },
  ];
}

describe('SARIF', () => {
  const sarif = (...args: Parameters<typeof report>) => lintSarif(report(...args)) as Sarif;

  it('has rules with help, and results with regions and fingerprints', () => {
    const {
      version,
      runs: [run],
    } = sarif([located('x')], [located('y', 'note')]);
    expect(version).toBe('2.1.0');
    for (const rule of run.tool.driver.rules) {
      expect(rule).toMatchObject({
        shortDescription: { text: expect.stringMatching(/\.$/) },
        fullDescription: { text: expect.stringMatching(/\.$/) },
        help: { text: expect.any(String), markdown: expect.stringMatching(/^# /) },
        defaultConfiguration: { level: expect.stringMatching(/^(error|warning|note)$/) },
      });
    }
    const [result, suppressed] = run.results;
    const index = run.tool.driver.rules.findIndex(({ id }) => id === 'admission');
    expect(result).toEqual({
      ruleId: 'admission',
      ruleIndex: index,
      level: 'error',
      message: { text: 'x x/x: x. x. x.' },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'x' }, region: { startLine: 3, startColumn: 5 } },
          logicalLocations: [{ fullyQualifiedName: 'x x/x', kind: 'resource' }],
        },
      ],
      partialFingerprints: { 'svcrules/v1': 'f'.repeat(32) },
    });
    expect(suppressed).toMatchObject({ level: 'note', suppressions: [{ kind: 'inSource' }] });
  });

  it('keeps the worst where GitHub takes no more, and says so', () => {
    const many = Array.from({ length: 25_001 }, () => located('x', 'note'));
    const { runs } = sarif([...many, located('x')]);
    expect(runs[0].results).toHaveLength(25_000);
    expect(runs[0].results[0]).toMatchObject({ level: 'error' });
    expect(runs[0].invocations[0]?.toolExecutionNotifications).toEqual([
      { level: 'warning', message: { text: '2 findings were left out: a run has at most 25000' } },
    ]);
  });

  it.each([
    ['a/b c.yaml', 'a/b%20c.yaml'],
    ['./a.yaml', 'a.yaml'],
    ['../a#b?.yaml', '../a%23b%3F.yaml'],
    ['/srv/a:b.yaml', 'file:///srv/a%3Ab.yaml'],
    ['-', 'stdin'],
  ])('spells the file %s as %s', (file, uri) => expect(uriOf(file)).toBe(uri));
});

describe('other forms', () => {
  it('tell that GitHub shows ten of each', () => {
    const lines = joined(lintGithub(report(Array.from({ length: 11 }, () => located('x'))))).split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[11]).toBe(
      '::notice title=svcrules lint::11 errors: GitHub shows 10 of each; the log has all',
    );
  });

  it('have a JUnit case that passes where nothing is found', () => {
    const xml = joined(lintJunit(report([])));
    expect(xml).toContain('<testsuites name="svcrules lint" tests="1" failures="0" errors="0">');
    expect(xml).toContain('<testcase name="nothing found" classname="svcrules lint"/>');
  });

  it('count failures and skipped cases in JUnit', () => {
    const xml = joined(lintJunit(report([located('x'), located('x', 'note'), located('y', 'warning')])));
    expect(xml).toContain('<testsuites name="svcrules lint" tests="3" failures="2" errors="0">');
    expect(xml).toContain('tests="2" failures="1" errors="0" skipped="1">');
    expect(escapeXml(`<"'&>`)).toBe('&#60;&#34;&#39;&#38;&#62;');
  });

  it('keep Markdown within what GitHub takes', () => {
    const text = joined(lintMarkdown(report(Array.from({ length: 2000 }, () => located('x'.repeat(100))))));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/… and [0-9]+ more: see the output of lint\.\n$/);
  });
});
