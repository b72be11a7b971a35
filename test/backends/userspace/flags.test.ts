/** The flags of mode userspace on the command line. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCaptured } from '../../support/compile-cluster.ts';

const RICH = join(import.meta.dirname, '../../../fixtures/userspace/rich/cluster.yaml');

function compile(...flags: readonly string[]) {
  return runCaptured(['compile', '-f', RICH, ...flags]);
}

describe('compile', () => {
  it('refuses the mode for the newest release', async () => {
    const { status, stdout, stderr } = await compile('--mode', 'userspace');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: kube-proxy 1\.37 has no mode userspace: it was removed in 1\.26; /m);
  });

  it('takes a port range', async () => {
    const flags = ['--mode', 'userspace', '--kube-version', '1.25', '--proxy-port-range', '40000-40006'];
    const { status, stdout } = await compile(...flags);
    expect(status).toBe(0);
    const ports = [...stdout.matchAll(/--to-ports (\d+)/g)].map(([, port]) => Number(port));
    expect([...new Set(ports)].sort()).toEqual([40000, 40001, 40002, 40003, 40004, 40005, 40006]);
    const tooSmall = await compile(...flags.slice(0, -1), '40000+5');
    expect(tooSmall.status).toBe(2);
    expect(tooSmall.stderr).toContain('7 service ports need a local proxy port each, and 40000-40005 has 6');
  });

  it('prints the proxy alone, for the newest release', async () => {
    const { status, stdout, stderr } = await compile('--mode', 'userspace', '--no-portals');
    expect(status).toBe(0);
    expect(stdout).toContain('listen prod.web.http\n  bind 0.0.0.0:30080\n');
    expect(stderr).toContain("note: without kube-proxy's rules cluster IPs are not reachable");
    expect(stderr).toContain(
      'note: HAProxy does not proxy UDP: haproxy.cfg leaves out kube-system/dns:dns\n    mend: use nginx.conf',
    );
    const json = await compile('--mode', 'userspace', '--no-portals', '-o', 'json');
    const { families } = JSON.parse(json.stdout);
    expect(families.IPv4.tables).toEqual([]);
    expect(families.IPv4.frontends).toHaveLength(7);
    expect(families.IPv6.frontends).toEqual([]);
  });

  it.each([
    [['--no-portals'], '--no-portals needs --mode userspace'],
    [['--no-portals', '--mode', 'iptables'], '--no-portals needs --mode userspace'],
    [['--proxy-port-range', '1-2', '--mode', 'iptables'], '--proxy-port-range goes with --mode userspace'],
  ])('refuses %j', async (flags, message) => {
    const { status, stderr } = await compile(...flags);
    expect(status).toBe(2);
    expect(stderr).toBe(`error: ${message}\n`);
  });
});
