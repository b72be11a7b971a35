/** The executable for machines without Node.js: it is whole, and every command is in it. `npm run test:sea` tests it further. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../support/packed.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 120_000 });

const ROOT = join(import.meta.dirname, '../..');
const WEB = join(ROOT, 'fixtures/examples/web.yaml');
const MYSQL = join(ROOT, 'fixtures/clusters/mysql');

describe.runIf(process.platform === 'linux')('the executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-executable-'));
  let executable: string;
  beforeAll(() => {
    executable = run(process.execPath, ['scripts/build-sea.js', folder], ROOT).trim();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Where nothing else is: no variable, no file, no program. */
  const alone = (...args: readonly string[]) =>
    spawnSync(executable, args, { env: {}, cwd: folder, encoding: 'utf8' });

  it('needs nothing beside it', () => {
    const { stdout, stderr } = alone('compile', '-f', join(MYSQL, 'cluster.yaml'));
    expect(stderr).toBe('');
    expect(stdout).toBe(readFileSync(join(MYSQL, 'expected/iptables.ipv4.save'), 'utf8'));
  });

  it('is of the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(alone('--version').stdout).toBe(`${version}\n`);
  });

  it.each([
    ['compile -o json --mode ipvs', 0, /"mode":"ipvs"/],
    ['compile --mode nftables', 0, /table ip kube-proxy/],
    ['compile --mode userspace --kube-version 1.25', 0, /KUBE-PORTALS/],
    ['env -n prod', 0, /^WEB_SERVICE_HOST=10\.96\.14\.7$/m],
    ['endpoints', 0, /web/],
    ['admit', 0, /^kind: Service$/m],
    ['trace --from external --to 192.0.2.10:30080', 0, /1\/2 {2}DNAT 10\.244\.1\.8:8080/],
    ['diff --against-version 1.37', 0, /are right/],
    ['explain prod/web', 0, /prod\/web/],
    ['lint -o sarif', 0, /"version": ?"2\.1\.0"/],
    ['dns', 0, /web\.prod\.svc\.cluster\.local\./],
    ['dns query web.prod.svc.cluster.local.', 0, /IN A 10\.96\.14\.7/],
  ])('has %s', (command, status, expected) => {
    const result = alone(...command.split(' '), '-f', WEB);
    expect(result.stdout).toMatch(expected);
    expect(result.status).toBe(status);
  });

  it('ends with the status of its command', () => {
    expect(alone('compile', '--no-such-flag').status).toBe(2);
    expect(alone('compile', '-f', 'absent.yaml').status).toBe(2);
  });
});
