/**
 * The kernel as the judge of mode ipvs: `ipset restore` and `iptables-restore` take our texts in a network namespace, and print
 * them back. A kernel without IPVS sees a comment in place of its match. Where the machine cannot do this the tests are skipped,
 * with the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseIPSets } from '../../src/backends/ipvs/parse-ipset.ts';
import { printIPSets } from '../../src/backends/ipvs/print-listed.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { compileRaw, inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { loadIpvs, probeIpset, probeKernel, runInNamespace } from '../support/namespace.ts';
import { canonicalIpsetSave, canonicalIptablesSave } from '../support/normal-form.ts';

vi.setConfig({ testTimeout: 60_000 });

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const CLUSTERS = listClusters(join(FIXTURES, 'clusters')).filter((name) => !/^random-(?!00[0-3])/.test(name));
const RELEASES = ['1.28', '1.29', '1.33', '1.36'];
const SAMPLES = ['source-ranges', 'affinity', 'bridge-interface', 'masquerade-all', 'nodeport-ipv6'];
/** Clusters whose rules need no match of IPVS. */
const SCRIPTED = ['mysql', 'random-004', 'random-012'];

const reason = probeIpset() ?? probeKernel('legacy', 'ipv4') ?? probeKernel('legacy', 'ipv6');
if (reason !== undefined) process.stderr.write(`no kernel tests with ipset: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

async function judge(folder: string, release: string): Promise<void> {
  const texts = await compileRaw(folder, { ...readClusterOptions(folder), mode: 'ipvs', release });
  const sets = texts.get('ipvs.ipset.save') as string;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const save = texts.get(`ipvs.${family}.save`) as string;
    const restore = texts.get(`ipvs.${family}.restore`) as string;
    // The rules of a built-in chain are added by each of them: only what each sync rewrites may come a second time.
    const printed = await loadIpvs(family, sets, [save, restore, restore]);
    expect(canonicalIpsetSave(printed.sets)).toBe(sets);
    expect(canonicalIptablesSave(printed.rules)).toBe(canonicalIptablesSave(save));
    expectReadBack(printed.sets);
  }
}

function expectReadBack(saved: string): void {
  const { sets, problems } = parseIPSets(saved);
  expect(problems).toEqual([]);
  expect(printIPSets(sets)).toBe(saved);
}

/** Sets that kube-proxy has no use for. */
const OTHER_SETS = `create nets hash:net family inet hashsize 64 maxelem 100 comment counters timeout 0 skbinfo forceadd
add nets 10.0.0.0/8 comment "it's a \\ comment" skbmark 0x1/0xff skbprio 1:2 skbqueue 3 packets 4 bytes 5
add nets 10.1.0.0/16 nomatch
create devices hash:net,iface family inet6
add devices fd00::/8,physdev:eth0
add devices ::/0,eth1
create protocols hash:ip,port family inet
add protocols 10.0.0.1,icmp:echo-request
add protocols 10.0.0.1,gre:0
add protocols 10.0.0.1,sctp:9
create triples hash:ip,port,net family inet
add triples 10.0.0.1,udp:53,10.0.0.0/8 nomatch
create addresses bitmap:ip range 10.0.0.0/24
add addresses 10.0.0.1-10.0.0.9
create masked hash:ip netmask 24
add masked 10.0.7.9
`;

describe.skipIf(reason !== undefined)('the kernel', () => {
  it.each(CLUSTERS)('takes %s and prints it back', (name) => judge(join(FIXTURES, 'clusters', name), '1.37'));

  it('has sets of other types, which are read back as well', async () => {
    const script = 'printf %s "$1" | ipset restore; ipset save';
    const saved = await runInNamespace(script, [OTHER_SETS]);
    expect(saved.split('\n').length).toBeGreaterThan(OTHER_SETS.split('\n').length);
    expectReadBack(saved);
  });

  describe.each(SAMPLES)('%s', (name) => {
    it.each(RELEASES)('of release %s', (release) => judge(join(FIXTURES, 'releases', name), release));
  });

  it.each(SCRIPTED)('is set up by the script of %s, IPVS and the device aside', async (name) => {
    const folder = join(FIXTURES, 'clusters', name);
    const options = { ...readClusterOptions(folder), mode: 'ipvs' } as const;
    const flags = ['compile', ...inputFlags(folder, options), '--mode', 'ipvs'];
    const { stdout: script } = await runCaptured(flags);
    const texts = await compileRaw(folder, options);
    const work = mkdtempSync(join(tmpdir(), 'svcrules-ipvs-script-'));
    try {
      writeFileSync(join(work, 'ipvs.sh'), script);
      const stubs = {
        ip: `echo "$@" >>${work}/ip.out`,
        sysctl: `echo "$@" >>${work}/sysctl.out`,
        modprobe: 'true',
        ipvsadm: `cat >${work}/ipvsadm.out`,
        'iptables-restore': 'exec iptables-legacy-restore -w 30 "$@"',
        'ip6tables-restore': 'exec ip6tables-legacy-restore -w 30 "$@"',
      };
      for (const [tool, line] of Object.entries(stubs)) {
        writeFileSync(join(work, tool), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
      }
      const printed = await runInNamespace(
        `PATH="$1:$PATH"; sh "$1/ipvs.sh"
         ipset save; echo ---; iptables-legacy-save; echo ---; ip6tables-legacy-save`,
        [work],
      );
      const [sets = '', rules4 = '', rules6 = ''] = printed.split('---\n');
      expect(canonicalIpsetSave(sets)).toBe(texts.get('ipvs.ipset.save'));
      expect(canonicalIptablesSave(rules4)).toBe(texts.get('ipvs.ipv4.save'));
      expect(canonicalIptablesSave(rules6)).toBe(texts.get('ipvs.ipv6.save'));
      expect(readFileSync(join(work, 'ipvsadm.out'), 'utf8')).toBe(texts.get('ipvs.ipvsadm'));
      const [device, ...bound] = readFileSync(join(work, 'ip.out'), 'utf8').trim().split('\n');
      expect(device).toBe('link add kube-ipvs0 type dummy');
      const addresses = bound.map((line) => /add (\S+)\/\d+ dev kube-ipvs0$/.exec(line)?.[1]);
      expect(addresses.sort().join('\n')).toBe(texts.get('ipvs.addrs')?.trim());
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
});
