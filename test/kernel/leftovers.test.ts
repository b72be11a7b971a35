/**
 * The kernel as the judge of what another mode has left: in a network namespace, rules of two modes are loaded, `diff --host` finds
 * what is left over, the commands that it prints are run there by the test, and then it finds nothing. Where the machine cannot
 * do this the tests are skipped, with the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Leftover } from '../../src/diff/leftovers.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { probeIpset, probeKernel, probeNftables, runInNamespace } from '../support/namespace.ts';

vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../..');
const SHOP = join(ROOT, 'fixtures/diffs/shop');
const INPUT = `-f ${SHOP}/cluster.yaml --proxy-config ${SHOP}/config.yaml --node worker-1`;

const reason =
  probeNftables() ?? probeIpset() ?? probeKernel('nft', 'ipv4') ?? probeKernel('legacy', 'ipv4') ?? undefined;
if (reason !== undefined) process.stderr.write(`no kernel tests of leftovers: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

/** A comment that a shell would run, were it not quoted. */
const HOSTILE = `-A INPUT -m comment --comment "it's $(touch was-run) \`touch was-run\` \\"; touch was-run #" -j KUBE-SERVICES`;

describe.skipIf(reason !== undefined)('what another mode has left', () => {
  let work: string;
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-leftovers-'));
    for (const mode of ['iptables', 'nftables', 'ipvs']) {
      const args = ['compile', ...INPUT.split(' '), '--mode', mode, '--out', join(work, mode)];
      const { status, stderr } = await runCaptured(args);
      expect(status, stderr).toBe(0);
    }
    writeFileSync(join(work, 'hostile'), `*filter\n${HOSTILE}\nCOMMIT\n`);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  /** Runs `diff --host` before and after the commands that it prints. */
  async function judge(
    mode: string,
    load: string,
    from = '--host',
  ): Promise<{ readonly before: Answer; readonly after: Answer; readonly left: string }> {
    const diff = `'${process.execPath}' ${ROOT}/bin/kubectl-svcrules.js diff ${from} ${INPUT} --mode ${mode} --kube-version 1.37 -o json`;
    const commands = `'${process.execPath}' -e 'for (const { commands } of JSON.parse(require("fs").readFileSync(0)).leftovers) console.log(commands.join("\\n"))'`;
    const script = `
      cd ${work}
      ip link set lo up
      ${load}
      nft list ruleset >${work}/ruleset
      ${diff} >${work}/before 2>${work}/stderr || true
      cat ${work}/before; echo @@@
      ${commands} <${work}/before >${work}/commands
      sh -e ${work}/commands
      nft list ruleset >${work}/ruleset
      ${diff} 2>>${work}/stderr || true
      echo @@@
      for tool in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
        $tool-save 2>/dev/null | grep KUBE | grep -v KUBE-FIREWALL || true
      done
      ipset list -n`;
    const [before = '', after = '', left = ''] = (await runInNamespace(script)).split('@@@\n');
    return { before: JSON.parse(before), after: JSON.parse(after), left };
  }

  interface Answer {
    readonly equal: boolean;
    readonly services: readonly unknown[];
    readonly leftovers: readonly Leftover[];
  }

  const loadNftables = () => `nft -f ${work}/nftables/ip.nft; nft -f ${work}/nftables/ip6.nft`;
  const loadIptables = (variant: string) =>
    `iptables-${variant}-restore <${work}/iptables/iptables.save
     ip6tables-${variant}-restore <${work}/iptables/ip6tables.save`;

  it('mode iptables, beside mode nftables, with a rule of somebody who quotes badly', async () => {
    const load = `${loadNftables()}\n${loadIptables('nft')}\niptables-nft-restore --noflush <${work}/hostile`;
    const { before, after, left } = await judge('nftables', load);
    expect(before.equal).toBe(false);
    expect(before.leftovers.map(({ mode, what }) => `${mode}: ${what}`)).toEqual([
      'iptables: 34 chains, IPv4, to which 13 rules are leading',
      expect.stringMatching(/^iptables: \d+ chains, IPv6, to which 12 rules are leading$/),
    ]);
    expect(after).toMatchObject({ equal: true, services: [], leftovers: [] });
    expect(left).toBe('');
    expect(existsSync(join(work, 'was-run'))).toBe(false);
  });

  it('mode iptables, of which only nft tells', async () => {
    const load = `${loadNftables()}\n${loadIptables('nft')}\niptables-nft-restore --noflush <${work}/hostile`;
    const { before, after, left } = await judge('nftables', load, `--dump ${work}/ruleset`);
    expect(before.leftovers.map(({ mode }) => mode)).toEqual(['iptables', 'iptables']);
    expect(after).toMatchObject({ equal: true, services: [], leftovers: [] });
    expect(left).toBe('');
    expect(existsSync(join(work, 'was-run'))).toBe(false);
  });

  it('mode iptables of iptables-legacy, beside mode nftables', async () => {
    const { before, after, left } = await judge('nftables', `${loadNftables()}\n${loadIptables('legacy')}`);
    expect(before.leftovers.map(({ mode }) => mode)).toEqual(['iptables', 'iptables']);
    expect(after).toMatchObject({ equal: true, services: [], leftovers: [] });
    expect(left).toBe('');
  });

  it('iptables-legacy, beside mode iptables with iptables-nft', async () => {
    const rest = `${loadIptables('nft')}\n${loadIptables('legacy')}
      iptables-nft -t mangle -N KUBE-KUBELET-CANARY; ip6tables-nft -t mangle -N KUBE-KUBELET-CANARY`;
    const { before, after } = await judge('iptables', rest);
    expect(before.leftovers.map(({ what }) => what.replace(/\d+/g, '#'))).toEqual([
      '# chains of iptables-legacy, IPv#, to which # rules are leading',
      '# chains of iptables-legacy, IPv#, to which # rules are leading',
    ]);
    expect(after).toMatchObject({ equal: true, services: [], leftovers: [] });
  });

  it('mode nftables, and the sets and the device of mode ipvs, beside mode iptables', async () => {
    // Not each kernel has dummy devices.
    const load = `${loadNftables()}\n${loadIptables('nft')}
      ipset restore <${work}/ipvs/ipset.save
      ip link add kube-ipvs0 type veth && ip addr add 10.96.14.7/32 dev kube-ipvs0`;
    const { before, after, left } = await judge('iptables', load);
    expect(before.leftovers.map(({ mode, what }) => `${mode}: ${what}`)).toEqual([
      'ipvs: device kube-ipvs0 with 1 address',
      'ipvs: 34 ipsets',
      'nftables: table ip kube-proxy',
      'nftables: table ip6 kube-proxy',
    ]);
    expect(after).toMatchObject({ equal: true, services: [], leftovers: [] });
    expect(left).not.toMatch(/^KUBE-CLUSTER-IP$/m);
  });
});
