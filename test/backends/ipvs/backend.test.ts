import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipvsBackend } from '../../../src/backends/ipvs/backend.ts';
import { setName } from '../../../src/backends/ipvs/ip-set.ts';
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
import { runCaptured } from '../../support/compile-cluster.ts';

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

function request(configuration: Partial<ProxyConfiguration> = {}, release = '1.37', ipvsSyncs = 1) {
  return {
    release: parseRelease(release),
    configuration: { ...DEFAULT_CONFIGURATION, ...configuration },
    node: { name: 'node1', addresses: [] },
    nfacct: false,
    ipvsSyncs,
  };
}

function textOf(view: NodeView, name: string): string {
  const artifact = ipvsBackend.compile(view).artifacts.find((each) => each.name === name);
  return [...(artifact?.text() ?? [])].join('');
}

describe('the backend', () => {
  it('has a script, servers, sets, addresses, and rules of each family', () => {
    const { mode, artifacts, mainArtifact } = ipvsBackend.compile(buildNodeView(state, request()));
    expect(mode).toBe('ipvs');
    expect(artifacts.map(({ name, family }) => [name, family])).toEqual([
      ['ipvs.sh', undefined],
      ['ipvsadm.save', undefined],
      ['ipvsadm.sh', undefined],
      ['ipset.save', undefined],
      ['addresses', undefined],
      ['iptables.save', 'IPv4'],
      ['iptables.restore', 'IPv4'],
      ['ip6tables.save', 'IPv6'],
      ['ip6tables.restore', 'IPv6'],
    ]);
    expect(mainArtifact).toEqual({ IPv4: 'ipvs.sh', IPv6: 'ipvs.sh' });
  });

  it.each(['1.8', '1.25', '1.27'])('has no mode for release %s and says which have it', (release) => {
    const compile = () => ipvsBackend.compile(buildNodeView(state, request({}, release)));
    expect(compile).toThrow(OperationalError);
    expect(compile).toThrow(
      `mode ipvs of kube-proxy ${release} cannot be compiled; the releases of which it can are 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37`,
    );
  });

  it('tells by lines what has changed', () => {
    const first = ipvsBackend.follow(buildNodeView(state, request()), undefined);
    const names = ['ipvsadm.save', 'ipset.save', 'addresses', 'iptables.save', 'ip6tables.save'];
    expect([...first.changes()].map(({ table, before }) => [table, before])).toEqual(
      names.map((name) => [name, undefined]),
    );
    const services = state.services.filter(({ metadata }) => metadata.name !== 'kubernetes');
    const changes = ipvsBackend.follow(buildNodeView({ ...state, services }, request()), first).changes();
    expect(changes).toEqual([
      {
        family: undefined,
        table: 'ipvsadm.save',
        chain: '',
        before: ['-A -t 10.96.0.1:443 -s rr', '-a -t 10.96.0.1:443 -r 172.18.0.2:6443 -m -w 1'],
        after: [],
      },
      {
        family: undefined,
        table: 'ipset.save',
        chain: '',
        before: ['add KUBE-CLUSTER-IP 10.96.0.1,tcp:443', 'add KUBE-IPVS-IPS 10.96.0.1'],
        after: [],
      },
      { family: undefined, table: 'addresses', chain: '', before: ['10.96.0.1'], after: [] },
    ]);
  });

  it('has its typed rules as JSON', () => {
    const compiled = ipvsBackend.compile(buildNodeView(state, request()));
    for (const family of ['IPv4', 'IPv6'] as const) {
      const { virtualServers, sets, addresses, tables } = JSON.parse([...compiled.json(family)].join(''));
      expect(virtualServers.length).toBeGreaterThan(0);
      expect(sets).toHaveLength(17);
      expect(addresses.length).toBeGreaterThan(0);
      expect(tables.map(({ name }: { name: string }) => name)).toEqual(['filter', 'nat']);
    }
  });
});

describe('sets', () => {
  it('have names as long as the kernel takes', () => {
    expect(setName('LOAD-BALANCER-SOURCE-CIDR', 'IPv4')).toBe('KUBE-LOAD-BALANCER-SOURCE-CIDR');
    expect(setName('LOAD-BALANCER-SOURCE-CIDR', 'IPv6')).toBe('KUBE-6-LOAD-BALANCER-SOURCE-CID');
    expect(setName('NODE-PORT-LOCAL-SCTP-HASH', 'IPv6')).toBe('KUBE-6-NODE-PORT-LOCAL-SCTP-HAS');
  });
});

describe('the script', () => {
  const ipvs = {
    scheduler: 'mh',
    strictARP: true,
    excludeCIDRs: ['10.9.0.0/16'],
    timeouts: { tcp: 900, tcpFin: 0, udp: 30 },
  };

  it('is one that a shell can read', () => {
    for (const name of ['ipvs.sh', 'ipvsadm.sh']) {
      const text = textOf(buildNodeView(state, request({ ipvs })), name);
      const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('means no files by the brackets around IPv6 addresses', () => {
    const text = textOf(buildNodeView(state, request({ ipvs })), 'ipvsadm.sh');
    expect(text).toMatch(/^ipvsadm -A -t '\[fd00:\S+\]:\d+' -s mh/m);
    expect(text.replaceAll(/'[^'\n]*'/g, '')).not.toMatch(/[[\]*?]/);
  });

  it('has what is configured', () => {
    const text = textOf(buildNodeView(state, request({ ipvs })), 'ipvs.sh');
    expect(text).toContain('sysctl -q -w net.ipv4.conf.all.arp_ignore=1\n');
    expect(text).toContain('ipvsadm --set 900 0 30\n');
    expect(text).toContain('other virtual servers alone in 10.9.0.0/16\n');
    expect(text).toContain('-A -t 10.96.20.1:80 -s mh -p 10800 -b mh-port\n');
    const plain = textOf(buildNodeView(state, request()), 'ipvs.sh');
    expect(plain).not.toMatch(/arp_ignore|--set |alone in/);
    expect(plain).toContain('ip addr add 10.96.0.1/32 dev kube-ipvs0\n');
    expect(plain).toContain('ip -6 addr add fd00:10:96::a/128 dev kube-ipvs0\n');
  });
});

describe('a second sync', () => {
  const servers = (nodePortAddresses: readonly string[], syncs: number) =>
    textOf(buildNodeView(state, request({ nodePortAddresses }, '1.37', syncs)), 'ipvsadm.save');

  it('takes bound addresses for those of the node, where networks are named', () => {
    const networks = ['10.96.0.0/16', '172.18.0.0/16'];
    expect(servers(networks, 1)).not.toContain('-A -t 10.96.0.1:30080 ');
    expect(servers(networks, 2)).toContain('-A -t 10.96.0.1:30080 ');
    expect(servers(networks, 3)).toBe(servers(networks, 2));
  });

  it('changes nothing else', () => {
    for (const networks of [[], ['172.18.0.0/16']]) expect(servers(networks, 2)).toBe(servers(networks, 1));
  });

  it.each([
    [['--mode', 'nftables', '--ipvs-syncs', '2'], '--ipvs-syncs goes with --mode ipvs'],
    [['--mode', 'ipvs', '--ipvs-syncs', 'x'], 'is not a count of syncs'],
    [['--mode', 'ipvs', '--ipvs-syncs', '0'], 'is not a count of syncs'],
  ])('is refused as %j', async (flags, message) => {
    const { status, stderr } = await runCaptured(['compile', '-f', RICH, ...flags]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
