import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nftablesBackend } from '../../../src/backends/nftables/backend.ts';
import {
  buildNodeView,
  DEFAULT_KINDS,
  OperationalError,
  parseRelease,
  prepareCluster,
  readInput,
} from '../../../src/index.ts';
import { DEFAULT_CONFIGURATION, type ProxyConfiguration } from '../../../src/proxy/configuration.ts';
import type { NodeView } from '../../../src/proxy/node-view.ts';
import { updateNodeView } from '../../../src/proxy/node-view-update.ts';

const RICH = join(import.meta.dirname, '../../../fixtures/clusters/rich/cluster.yaml');

async function readState() {
  const { objects } = await readInput({
    filenames: [RICH],
    recursive: false,
    stdin: [],
    kinds: DEFAULT_KINDS,
  });
  const { state } = prepareCluster({ objects });
  if (state === undefined) throw new Error('refused');
  return state;
}
const state = await readState();

function request(release: string, configuration: Partial<ProxyConfiguration> = {}, addresses: string[] = []) {
  return {
    release: parseRelease(release),
    configuration: { ...DEFAULT_CONFIGURATION, ...configuration },
    node: { name: 'node1', addresses },
    nfacct: false,
  };
}

function textOf(view: NodeView, name: string): string {
  const artifact = nftablesBackend.compile(view).artifacts.find((each) => each.name === name);
  return [...(artifact?.text() ?? [])].join('');
}

describe('the backend', () => {
  it('has a transaction and a list of each family', () => {
    const { mode, artifacts, mainArtifact } = nftablesBackend.compile(buildNodeView(state, request('1.37')));
    expect(mode).toBe('nftables');
    expect(artifacts.map(({ name, family }) => [name, family])).toEqual([
      ['ip.nft', 'IPv4'],
      ['ip.list', 'IPv4'],
      ['ip6.nft', 'IPv6'],
      ['ip6.list', 'IPv6'],
    ]);
    expect(mainArtifact).toEqual({ IPv4: 'ip.nft', IPv6: 'ip6.nft' });
  });

  it.each(['1.8', '1.25', '1.28'])('has no mode for release %s and says which have it', (release) => {
    const compile = () => nftablesBackend.compile(buildNodeView(state, request(release)));
    expect(compile).toThrow(OperationalError);
    expect(compile).toThrow(
      `kube-proxy ${release} has no mode nftables; the releases that have it are 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37`,
    );
  });

  it('tells by lines what has changed', () => {
    const first = nftablesBackend.follow(buildNodeView(state, request('1.37')), undefined);
    expect([...first.changes()].map(({ table, before }) => [table, before])).toEqual([
      ['ip.list', undefined],
      ['ip6.list', undefined],
    ]);
    const after = { ...state, services: state.services.filter(({ metadata }) => metadata.name !== 'empty') };
    const view = buildNodeView(after, request('1.37'));
    const changes = [...nftablesBackend.follow(view, first).changes()];
    expect(changes.map(({ table }) => table)).toEqual(['ip.list']);
    expect(changes[0]?.after).toEqual([]);
    expect(changes[0]?.before).toContain('\t\t\ttcp . 30090 comment "prod/empty:x" : goto reject-chain,');
  });
});

describe('ServiceCIDRs', () => {
  const drops = (view: NodeView) => textOf(view, 'ip.list').match(/\tip daddr .* drop comment "Drop .*/)?.[0];

  it.each(['1.29', '1.32'])('are not read in %s', (release) => {
    expect(drops(buildNodeView(state, request(release)))).toBeUndefined();
  });

  it.each(['1.33', '1.37'])('have unallocated cluster IPs dropped in %s', (release) => {
    const view = buildNodeView(state, request(release));
    expect(drops(view)).toBe('\tip daddr 10.96.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"');
  });

  it('are followed', () => {
    const view = buildNodeView(state, request('1.37'));
    const updated = updateNodeView(view, state, { ...state, serviceCIDRs: [] }, request('1.37'));
    expect(drops(updated)).toBeUndefined();
    expect(updated.families.IPv4).toBe(view.families.IPv4);
    expect(updateNodeView(updated, state, { ...state, serviceCIDRs: [] }, request('1.37'))).toBe(updated);
  });
});

describe('node ports', () => {
  const SOME = '\t\tip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports';
  const ALL =
    '\t\tfib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports';
  const ALL_IPV6 =
    '\t\tfib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @service-nodeports';
  const SOME_IPV6 = '\t\tip6 daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports';

  it.each([
    ['1.29', [], [], 'ip', ALL],
    ['1.30', [], [], 'ip', SOME],
    ['1.31', [], [], 'ip', SOME],
    ['1.37', [], [], 'ip', SOME],
    ['1.37', ['0.0.0.0/0'], [], 'ip', ALL],
    // A family that is not in the list.
    ['1.30', ['192.0.2.0/24'], [], 'ip6', SOME_IPV6],
    ['1.31', ['192.0.2.0/24'], [], 'ip6', ALL_IPV6],
  ] as const)('of %s with %j are open where they should', (release, nodePortAddresses, addresses, family, line) => {
    const view = buildNodeView(state, request(release, { nodePortAddresses }, [...addresses]));
    expect(textOf(view, `${family}.list`).split('\n')).toContain(line);
  });

  it('are never open on loopback addresses', () => {
    const configuration = { nodePortAddresses: ['127.0.0.0/8', '192.0.2.0/24'] };
    const view = buildNodeView(state, request('1.37', configuration, ['192.0.2.7']));
    expect(textOf(view, 'ip.list')).toContain('elements = {\n\t\t\t192.0.2.7,\n\t\t}');
  });
});
