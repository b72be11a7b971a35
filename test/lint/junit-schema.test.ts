/** What JUnit's readers take, by xmllint; without it (package libxml2-utils) the tests are left out, as SVCRULES_REQUIRE_KERNEL=1 forbids. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const SCHEMA = join(import.meta.dirname, 'junit.xsd');
const FIXTURES = join(import.meta.dirname, '../../fixtures/lint');
const isMissing = spawnSync('xmllint', ['--version']).error !== undefined;

it('xmllint is there where it is required', () => {
  if (isMissing) process.stderr.write('xmllint is missing (package libxml2-utils): no XML is validated\n');
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') expect(isMissing).toBe(false);
});

function complaints(xml: string): string {
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', SCHEMA, '-'], {
    input: xml,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr;
}

describe.skipIf(isMissing)('JUnit', () => {
  it('is valid for findings of each severity, and for none', async () => {
    for (const rule of ['admission', 'readiness-probe-missing', 'termination-without-grace']) {
      const folder = join(FIXTURES, rule);
      for (const file of readdirSync(folder)) {
        const { stdout } = await runCaptured(['lint', '-f', join(folder, file), '-o', 'junit']);
        expect(stdout).toMatch(/<testcase /);
        expect(complaints(stdout), file).toBe('');
      }
    }
  });

  it('is refused with an attribute that readers do not know', () => {
    expect(complaints('<testsuites skipped="0"/>')).toMatch(/skipped/);
    expect(complaints('<testsuites/>')).toBe('');
  });
});
