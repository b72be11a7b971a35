/**
 * Modes against each other: what kube-proxy does differently from mode to mode is all that differs, and each change names a
 * packet that fares otherwise.
 */
import { describe, expect, it } from 'vitest';
import type { IPFamily } from '../../src/apiserver/objects.ts';
import type { NodeDiff } from '../../src/diff/change.ts';
import { diffNode } from '../../src/diff/diff-node.ts';
import { compiledRules } from '../../src/library/compiled-rules.ts';
import { compileFolder, type Mode } from './mode-hosts.ts';

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

async function against(folder: string, intended: Mode, other: Mode): Promise<NodeDiff> {
  const [one, two] = [await compileFolder(folder, intended), await compileFolder(folder, other)];
  const questions = FAMILIES.map((family) => ({
    family,
    intended: { rules: compiledRules(one.compiled, family), view: one.view },
    actual: { rules: compiledRules(two.compiled, family), view: two.view },
    addresses: one.view.node.interfaceAddresses,
  }));
  return diffNode(questions);
}

/** `prod/web node-port-lost 127.0.0.1:30080 <- 127.0.0.1`, by the packet. */
function told({ services }: NodeDiff): readonly string[] {
  return services.flatMap(({ namespace, name, changes }) =>
    changes.map(
      ({ kind, packet }) =>
        `${namespace}/${name} ${kind} ${packet?.to} from ${packet?.client === 'range' ? packet.from : packet?.client}`,
    ),
  );
}

/** Neither mode has node ports at 127.0.0.1. */
const LOOPBACK = [
  'prod/empty rejection-lost 127.0.0.1:30090 from node',
  'prod/lb node-port-lost 127.0.0.1:30443 from node',
  'prod/web node-port-lost 127.0.0.1:30080 from node',
];

describe('mode iptables in fixtures/diffs/shop', () => {
  it('differs from mode nftables', async () => {
    const diff = await against('fixtures/diffs/shop', 'iptables', 'nftables');
    expect([...told(diff)].sort()).toEqual(LOOPBACK);
    expect(diff).toMatchObject({ equal: false, foreign: [], unknown: [] });
  });

  it('differs from mode ipvs', async () => {
    const diff = await against('fixtures/diffs/shop', 'iptables', 'ipvs');
    expect([...told(diff)].sort()).toEqual(
      [
        ...LOOPBACK,
        // With policy Local, Pods and the node itself are not let through to endpoints of other nodes.
        'prod/lb endpoint-missing 192.168.10.11:30443 from pod',
        'prod/lb masquerade-lost 192.168.10.11:30443 from node',
        // The firewall stands in INPUT and FORWARD only.
        'prod/lb source-range-opened 192.0.2.10:443 from node',
      ].sort(),
    );
    expect(diff).toMatchObject({ equal: false, foreign: [], unknown: [] });
  });

  it.each(['iptables', 'nftables', 'ipvs'] as const)('is mode %s itself', async (mode) => {
    expect(await against('fixtures/diffs/shop', mode, mode)).toMatchObject({ equal: true, services: [] });
  });
});

describe('modes nftables and ipvs', () => {
  it('differ where mode ipvs differs from mode iptables', async () => {
    const diff = await against('fixtures/diffs/shop', 'nftables', 'ipvs');
    expect([...told(diff)].sort()).toEqual([
      'prod/lb endpoint-missing 192.168.10.11:30443 from pod',
      'prod/lb masquerade-lost 192.168.10.11:30443 from node',
      'prod/lb source-range-opened 192.0.2.10:443 from node',
    ]);
  });
});

/** With everything that is rare; what is found must be told by packets, and nothing may stay open. */
it.each([
  'rich',
  'v6',
  'wide-129',
  'wide-184',
  'random-010',
  'nftables-localhost',
])('every change of %s has its packet', async (name) => {
  for (const other of ['nftables', 'ipvs'] as const) {
    const diff = await against(`fixtures/clusters/${name}`, 'iptables', other);
    expect(diff.services.length).toBeGreaterThan(0);
    expect(diff).toMatchObject({ foreign: [], unknown: [] });
    for (const { changes } of diff.services)
      for (const change of changes) expect(change.packet).toBeDefined();
  }
});
