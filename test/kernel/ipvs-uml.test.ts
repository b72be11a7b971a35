/**
 * A kernel with IPVS as the judge of mode ipvs: the script builds an empty host, on which ipvsadm, ipset, ip and iptables print
 * what we say, and connections to a cluster IP and a node port reach a Pod. The kernel is user-mode-linux; that
 * takes its time, so it is done only with SVCRULES_REQUIRE_UML=1 (`npm run test:uml`), and then its absence is a failure.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalIP } from '../../src/shared/ip.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { type CompileOptions, compileRaw, inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { canonicalIpsetSave, canonicalIptablesSave, canonicalIpvsadm } from '../support/normal-form.ts';
import { probeUml, runInUml } from '../support/uml.ts';

const CLUSTERS = join(import.meta.dirname, '../../fixtures/clusters');
const NAMES = listClusters(CLUSTERS).filter(
  (name) => name === 'nftables-spellings' || existsSync(join(CLUSTERS, name, 'expected/ipvs.ipvsadm')),
);
const TIMEOUT = 300_000;

const reason = probeUml();
if (reason !== undefined) process.stderr.write(`no tests with IPVS: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_UML === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

/** Compiles `ipvs.sh` and `ipvsadm.sh` into a folder. */
async function compileScripts(folder: string, options: CompileOptions, out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  for (const artifact of ['ipvs.sh', 'ipvsadm.sh']) {
    const flags = [...inputFlags(folder, options), '--mode', 'ipvs', '--artifact', artifact];
    const { status, stdout, stderr } = await runCaptured(['compile', ...flags]);
    if (status !== 0) throw new Error(stderr);
    writeFileSync(join(out, artifact), stdout);
  }
}

/** ipvsadm ends IPv6 addresses that start with 96 zeros as IPv4 ones; kube-proxy does not, and neither do we. */
function respelled(text: string): string {
  return text.replaceAll(/\[([0-9a-f:.]+)\]/g, (_, address: string) => `[${canonicalIP(address)}]`);
}

/** The addresses in what `ip -o address show` prints; link-local ones come by themselves. */
function addressesOf(text: string): string {
  const found = [...text.matchAll(/ inet6? (\S+)\/\d+ /g)].map(
    (match) => canonicalIP(match[1] as string) as string,
  );
  const ours = found.filter((address) => !address.startsWith('fe80:'));
  return ours
    .sort()
    .map((address) => `${address}\n`)
    .join('');
}

describe.skipIf(reason !== undefined)('an empty host with IPVS', () => {
  let work: string;
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-uml-'));
    for (const name of NAMES) {
      const folder = join(CLUSTERS, name);
      await compileScripts(folder, { ...readClusterOptions(folder), mode: 'ipvs' }, join(work, name));
    }
    const hosts = NAMES.map((name) => join(work, name));
    await runInUml(join(import.meta.dirname, 'ipvs-hosts.sh'), hosts, work);
  }, TIMEOUT);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(NAMES)('becomes what we say of %s', async (name) => {
    const folder = join(CLUSTERS, name);
    const expected = await compileRaw(folder, { ...readClusterOptions(folder), mode: 'ipvs' });
    const read = (file: string) => readFileSync(join(work, name, file), 'utf8');
    expect(read('script.log')).toBe('');
    expect(read('status')).toBe('0\n');
    for (const file of ['ipvsadm', 'ipvsadm-again']) {
      expect(canonicalIpvsadm(respelled(read(file)))).toBe(expected.get('ipvs.ipvsadm'));
    }
    expect(canonicalIpsetSave(read('ipset'))).toBe(expected.get('ipvs.ipset.save'));
    expect(addressesOf(read('addresses'))).toBe(expected.get('ipvs.addrs'));
    for (const [file, family] of Object.entries({ iptables: 'ipv4', ip6tables: 'ipv6' })) {
      const rules = expected.get(`ipvs.${family}.save`) as string;
      expect(canonicalIptablesSave(read(file))).toBe(canonicalIptablesSave(rules));
    }
    expect(read('sysctl')).toMatch(/^1\n[02]\n$/);
  });
});

const NODE = {
  metadata: { name: 'worker' },
  spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
  status: {
    addresses: ['172.18.0.2', 'fd00:172:18::2'].map((address) => ({ type: 'InternalIP', address })),
  },
};

const SERVICE = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIPs: ['10.96.7.7', 'fd00:10:96::7'],
    clusterIP: '10.96.7.7',
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
    ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
  },
};

function endpointSlice(addressType: string, address: string): object {
  const labels = { 'kubernetes.io/service-name': 'web' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `web-${addressType.toLowerCase()}`, namespace: 'default', labels },
    addressType,
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [address], nodeName: 'worker' }],
  };
}

/** Who calls which address and port, and whom the Pod sees; an empty answer is a connection that fails. */
const CALLS: readonly (readonly [string, string])[] = [
  ['node 10.96.7.7 80', '10.244.1.1'],
  ['client 10.96.7.7 80', '10.244.1.1'],
  ['client 172.18.0.2 30080', '10.244.1.1'],
  ['node 172.18.0.2 30080', '10.244.1.1'],
  // The Pod calls itself, and must not see its own address.
  ['pod 10.96.7.7 80', '10.244.1.1'],
  ['client fd00:172:18::2 30080', 'fd00:10:244:1::1'],
  // No port of the node is open by an address of a Service.
  ['client 10.96.7.7 81', ''],
  ['client 172.18.0.2 30081', ''],
];

describe.skipIf(reason !== undefined)('a node with IPVS', () => {
  it(
    'takes connections to a cluster IP and a node port to a Pod',
    async () => {
      const work = mkdtempSync(join(tmpdir(), 'svcrules-uml-'));
      try {
        const items = [
          { apiVersion: 'v1', kind: 'Node', ...NODE },
          { apiVersion: 'v1', kind: 'Service', ...SERVICE },
          endpointSlice('IPv4', '10.244.1.5'),
          endpointSlice('IPv6', 'fd00:10:244:1::5'),
        ];
        writeFileSync(join(work, 'cluster.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
        const configuration = {
          apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
          kind: 'KubeProxyConfiguration',
          mode: 'ipvs',
          clusterCIDR: '10.244.0.0/16,fd00:10:244::/48',
        };
        writeFileSync(join(work, 'config.yaml'), JSON.stringify(configuration));
        await compileScripts(work, { node: 'worker', mode: 'ipvs' }, work);
        writeFileSync(join(work, 'calls'), CALLS.map(([call]) => `${call}\n`).join(''));
        await runInUml(join(import.meta.dirname, 'ipvs-connections.sh'), [work], work);
        const answers = readFileSync(join(work, 'answers'), 'utf8');
        expect(answers).toBe(CALLS.map(([call, seen]) => `${call} ${seen}\n`).join(''));
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
    TIMEOUT,
  );
});
