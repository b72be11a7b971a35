/** A share of the strings that `npm run injection` takes, through every emitter and the real tools. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { hostileStrings } from '../support/hostile-strings.ts';
import { inject } from './injection.ts';

vi.setConfig({ testTimeout: 120_000 });

/** What a real tool is shown, where it is here. */
const JUDGED = new Set('iptables nftables ipvs haproxy nginx zone env JUnit'.split(' '));

it('400 hostile strings add nothing to what any emitter writes', async () => {
  const work = mkdtempSync(join(tmpdir(), 'svcrules-injection-'));
  onTestFinished(() => rmSync(work, { recursive: true, force: true }));
  const strings = hostileStrings(20_261_127, 400);
  const results = await inject({ strings, work });
  expect(results.length).toBeGreaterThan(15);
  for (const { emitter, tool, refused, written, extra } of results) {
    expect(extra, emitter).toEqual([]);
    expect(refused + written, emitter).toBeGreaterThanOrEqual(strings.length);
    if (tool !== undefined || !JUDGED.has(emitter)) continue;
    process.stderr.write(`${emitter}: no tool has looked at it\n`);
    expect(process.env.SVCRULES_REQUIRE_KERNEL).not.toBe('1');
  }
});
