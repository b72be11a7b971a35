/**
 * The real iptables-save and the others, each in a network namespace of its own that goes away afterwards. Where the
 * machine cannot do this the tests are skipped, with the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a
 * failure.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HostState } from '../../src/host/host-state.ts';
import { readThisHost, type ThisHostOptions } from '../../src/host/read-this-host.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { probeKernel } from '../support/namespace.ts';
import { canonicalIptablesSave } from '../support/normal-form.ts';
import { type FakeTools, fakeTools } from './fake-tools.ts';
import * as texts from './texts.ts';

// iptables waits for a lock that every iptables of the machine takes.
vi.setConfig({ testTimeout: 60_000 });

const SBIN = '/usr/sbin';
const REASON =
  probeKernel('nft', 'ipv4') ??
  probeKernel('nft', 'ipv6') ??
  probeKernel('legacy', 'ipv4') ??
  probeKernel('legacy', 'ipv6');
if (REASON !== undefined) process.stderr.write(`no tests with the real iptables-save: ${REASON}\n`);

if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(REASON).toBeUndefined();
  });
}

let fake: FakeTools | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

/** Commands by the text that is loaded with them before a tool runs. */
type Loaded = Readonly<Record<string, string>>;

/** The real tools, in a namespace with rules. */
function readNamespace(
  loaded: Loaded,
  { user = '', ...options }: Partial<ThisHostOptions> & { readonly user?: string } = {},
): Promise<HostState> {
  const tools = ['', '-nft', '-legacy'].flatMap((variant) => [
    `iptables${variant}-save`,
    `ip6tables${variant}-save`,
  ]);
  const loads = Object.keys(loaded).map((command, i) => `${SBIN}/${command} <"$DIR/${i}"`);
  const script = (tool: string) =>
    `export PATH=${SBIN}:/usr/bin:/bin\nDIR=\${0%/*} exec unshare -n sh -ec '${loads.join('; ')}; exec ${user} ${tool} "$@"' sh "$@"`;
  fake = fakeTools(Object.fromEntries([...tools, 'nft', 'ipset', 'ip'].map((tool) => [tool, script(tool)])));
  for (const [i, text] of Object.values(loaded).entries()) writeFileSync(join(fake.folder, `${i}`), text);
  return readThisHost({ env: fake.env, ...options });
}

function rulesOf({ texts: found }: HostState) {
  return found.map(({ family, text }) => [family, canonicalIptablesSave(text)]);
}

describe.skipIf(REASON !== undefined)('the real tools', () => {
  const [cluster] = texts.clusterDumps();
  const [v4, v6] = [cluster?.v4.text ?? '', cluster?.v6.text ?? ''];

  it.each(['nft', 'legacy'])('print the rules that iptables-%s has', async (variant) => {
    const state = await readNamespace({
      [`iptables-${variant}-restore -w 30`]: v4,
      [`ip6tables-${variant}-restore -w 30`]: v6,
    });
    expect(rulesOf(state)).toEqual([
      ['IPv4', canonicalIptablesSave(v4)],
      ['IPv6', canonicalIptablesSave(v6)],
    ]);
    expect(state.notes).toEqual([]);
  });

  it('print no rules where there are none', async () => {
    const state = await readNamespace({ 'nft -f -': '' });
    expect(state.texts.map(({ text }) => text)).toEqual(['', '']);
    expect(state.notes).toEqual([]);
  });

  it('have KUBE- chains in both variants', async () => {
    const state = await readNamespace({
      'iptables-nft-restore -w 30': texts.NAT4,
      'iptables-legacy-restore -w 30': v4,
    });
    expect(state.texts[0]?.origin).toBe('iptables-legacy-save of this host');
    expect(state.notes.map(({ code }) => code)).toEqual(['BothIptablesVariants']);
  });

  it('print nothing to those who are not root', async () => {
    const nobody = 'setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all';
    const reading = readNamespace({ 'iptables-nft-restore -w 30': v4 }, { user: nobody });
    await expect(reading).rejects.toBeInstanceOf(OperationalError);
    await expect(reading).rejects.toThrow(/^ip6?tables-save failed: .*\(you must be root\); run it as root$/);
  });

  it('nft, ipset and ip are recognised', async () => {
    const { texts: found, localAddresses } = await readNamespace(
      { 'iptables-nft-restore -w 30': v4, 'ipset restore': texts.IPSET, 'ip -batch -': 'link set lo up\n' },
      { tools: ['nft-text', 'nft-json', 'ipset-save', 'ip-addr'] },
    );
    expect(found.map(({ tool }) => tool)).toEqual(['nft-text', 'nft-json', 'ipset-save', 'ip-addr']);
    expect(found.map(({ text }) => text).join('')).toContain('add KUBE-CLUSTER-IP 10.96.0.1,tcp:443');
    expect(localAddresses).toContain('127.0.0.1');
  });
});
