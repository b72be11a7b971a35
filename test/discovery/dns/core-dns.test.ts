/**
 * The zones and answers of fixtures/dns against those of the real CoreDNS, with the EndpointSlices of the real controllers
 * and with our own.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { listClusters } from '../../support/cluster-folder.ts';
import { runCaptured } from '../../support/compile-cluster.ts';
import {
  compareDns,
  isFresh,
  type OracleResult,
  oracleZoneLines,
  type PlainObject,
  servedObjects,
  storedObjects,
} from '../../support/dns-answers.ts';
import { checkZone, isCheckerMissing } from '../../support/named-checkzone.ts';

const FIXTURES = 'fixtures/dns';
const ZONES = ['cluster.local', 'in-addr.arpa', 'ip6.arpa'];

const out = mkdtempSync(join(tmpdir(), 'svcrules-zones-'));
afterAll(() => rmSync(out, { recursive: true }));

function readResult(folder: string): OracleResult {
  const objects = loadAll(readFileSync(join(folder, 'cluster.yaml'), 'utf8')) as PlainObject[];
  const said = JSON.parse(readFileSync(join(folder, 'coredns.json'), 'utf8')) as Omit<
    OracleResult,
    'objects'
  >;
  return {
    ...said,
    objects: objects.map((object) => ({ kind: String(object.kind), applied: true, defaulted: object })),
  };
}

describe.each(listClusters(FIXTURES))('%s', (name) => {
  const folder = join(FIXTURES, name);
  const result = readResult(folder);

  it('has the zone and the answers of CoreDNS', () => {
    for (const slices of isFresh(result) ? (['real', 'own'] as const) : (['real'] as const)) {
      const cluster = servedObjects(storedObjects(result, slices), slices === 'real');
      const { expected, actual } = compareDns(cluster, result.dns);
      expect(actual).toBe(expected);
    }
  });

  it('is printed by the command as it is transferred', async () => {
    if (!isFresh(result)) return;
    const { status, stdout } = await runCaptured(['dns', '-f', join(folder, 'cluster.yaml')]);
    expect(status).toBe(0);
    const [forward = ''] = stdout.split('\n\n');
    const lines = forward.split('\n').filter((line) => !/^[;$]|^$|^cluster\.local\. |^ns\.dns\./.test(line));
    const expected = oracleZoneLines(result.dns).filter((line) => !line.startsWith('cluster.local. '));
    // CoreDNS fails where one name is too long; the printed zone is without it.
    if (expected[0] !== 'RCODE RCodeServerFailure') expect([...new Set(lines)].sort()).toEqual(expected);
  });

  it.skipIf(isCheckerMissing)('is accepted by named-checkzone', async () => {
    for (const records of ['transferred', 'answered']) {
      const target = join(out, name, records);
      const flags = ['-f', join(folder, 'cluster.yaml'), '--out', target, '--records', records];
      expect((await runCaptured(['dns', ...flags])).status).toBe(0);
      for (const zone of ZONES) expect(checkZone(zone, join(target, `${zone}.zone`))).toBe('');
    }
  });
});
