/**
 * Hostile manifests through the whole command line: no crash, no rule, and nothing on the terminal but plain text with
 * the prefixes of messages.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { hostileStrings } from '../support/hostile-strings.ts';
import { CLEAN_OBJECTS } from './clean-objects.ts';

vi.setConfig({ testTimeout: 120_000 });

const STRINGS = hostileStrings(7, 500);

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'svcrules-hostile-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function compileText(text: string): ReturnType<typeof runCaptured> {
  const file = join(work, 'cluster.yaml');
  writeFileSync(file, text);
  return runCaptured(['compile', '-f', file, '--skip-invalid', '--artifact', 'iptables.restore', '--debug']);
}

function manifests(...objects: readonly unknown[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('---\n');
}

/** Control and format characters, unpaired surrogates, separators of lines: what a terminal or a log may act on. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function expectPlain(stderr: string): void {
  for (const line of stderr.split('\n')) {
    if (UNSAFE.test(line)) expect.fail(`unsafe on stderr: ${JSON.stringify(line)}`);
    // A line that begins otherwise may come from the input.
    expect(line).toMatch(/^($|\/.*:\d+:\d+: (error|warning|note): |(error|warning|note): | {2,})/);
  }
}

describe.each([
  {
    place: 'names of objects',
    objectsWith: (text: string) => [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: text }, spec: { ports: [{ port: 80 }] } },
    ],
  },
  {
    place: 'values and keys that nobody knows',
    objectsWith: (text: string) => [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: text, [`x${text}`]: text },
        spec: { ports: [{ port: 80, [text]: text }], type: text, clusterIP: text },
        [text]: { [text]: text },
      },
    ],
  },
  {
    place: 'kinds and versions',
    objectsWith: (text: string) => [
      { apiVersion: text, kind: 'Service', metadata: { name: 'web' } },
      { apiVersion: 'v1', kind: text, metadata: { name: 'web' } },
      { apiVersion: text, kind: `${text}List`, items: [{ metadata: { name: text } }] },
    ],
  },
])('500 hostile strings as $place', ({ objectsWith }) => {
  it('add no rule and say so in plain text', async () => {
    const clean = await compileText(manifests(...CLEAN_OBJECTS));
    expect(clean.status).toBe(0);
    const allowed = new Set(clean.stdout.split('\n'));
    for (const text of STRINGS) {
      const { status, stdout, stderr } = await compileText(manifests(...CLEAN_OBJECTS, ...objectsWith(text)));
      expect([0, 2]).toContain(status);
      for (const line of stdout.split('\n'))
        if (!allowed.has(line)) expect.fail(`${JSON.stringify(text)} adds ${JSON.stringify(line)}`);
      expectPlain(stderr);
    }
  });
});

describe('500 hostile strings as whole files', () => {
  it('add no rule and say so in plain text', async () => {
    const nothing = await compileText('');
    const allowed = new Set(nothing.stdout.split('\n'));
    for (const text of STRINGS) {
      const { status, stdout, stderr } = await compileText(text);
      expect([0, 2]).toContain(status);
      for (const line of stdout.split('\n'))
        if (!allowed.has(line)) expect.fail(`${JSON.stringify(text)} adds ${JSON.stringify(line)}`);
      expectPlain(stderr);
    }
  });
});
