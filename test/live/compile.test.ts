/** `compile` and `env` from a real cluster are what they are from the same objects in a file, and from kube-proxy. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findOracles, readExpected } from '../conformance/oracles.ts';
import { readClusterOptions, readTexts } from '../support/cluster-folder.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';
import { addServiceCIDRs, dumpCluster, replaceCluster } from '../support/live-cluster.ts';
import { canonicalIptablesSave } from '../support/normal-form.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/clusters');
const ORACLE = join(import.meta.dirname, '../oracle');
const CLUSTERS = ['mysql', 'rich', 'random-000', 'random-005', 'wide-094', 'endpoints-1001'];

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const impossible = probeControlPlane();

test('a control plane can be asked where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('from a live cluster', aLiveCluster);

function aLiveCluster(): void {
  const folder = mkdtempSync(join(tmpdir(), 'live-'));
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
    await addServiceCIDRs(plane);
  });

  afterAll(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  async function run(...argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await runCaptured(argv, plane.env);
    expect(status, stderr).toBe(0);
    return stdout;
  }

  describe.each(CLUSTERS)('%s', (name) => {
    const fixture = join(FIXTURES, name);
    const work = join(folder, name);
    const cluster = join(work, 'cluster');
    const dump = join(cluster, 'cluster.yaml');
    const options = readClusterOptions(fixture);
    const flags = [
      ...(existsSync(join(fixture, 'config.yaml')) ? ['--proxy-config', join(fixture, 'config.yaml')] : []),
      ...(options.node === undefined ? [] : ['--node', options.node]),
      ...(options.localAddrs ?? []).flatMap((address) => ['--node-address', address]),
      ...(options.nfacct === true ? ['--nfacct'] : []),
      ...['--mode', 'iptables'],
    ];

    beforeAll(async () => {
      await replaceCluster(plane, fixture);
      mkdirSync(cluster, { recursive: true });
      for (const file of ['config.yaml', 'oracle.json']) {
        if (existsSync(join(fixture, file))) cpSync(join(fixture, file), join(cluster, file));
      }
      writeFileSync(dump, await dumpCluster(plane));
    });

    test('the rules are those of the same objects in a file', async () => {
      const [live, files] = [join(work, 'live'), join(work, 'files')];
      await run('compile', ...flags, '--out', live);
      await run('compile', ...flags, '--out', files, '-f', dump);
      expect(readTexts(live)).toEqual(readTexts(files));
      const rules = readTexts(live).get('iptables.save') ?? '';
      expect(
        rules.split('\n').filter((line) => line.includes('default/kubernetes:https')).length,
      ).toBeGreaterThan(0);
    });

    test('the variables are those of the same objects in a file', async () => {
      const services: readonly { metadata: { namespace: string } }[] = JSON.parse(
        readFileSync(dump, 'utf8'),
      ).items;
      const namespaces = new Set(services.map(({ metadata }) => metadata.namespace ?? 'default'));
      for (const namespace of namespaces) {
        const live = await run('env', '-n', namespace);
        expect(live).toBe(await run('env', '-n', namespace, '-f', dump));
        expect(live).toContain('KUBERNETES_SERVICE_HOST=10.96.0.1\n');
      }
    });

    if (existsSync(join(ORACLE, 'bin/oracle'))) {
      test("the rules are the real kube-proxy's", async () => {
        await findOracles(ORACLE).runNewest(work, ['iptables']);
        const expected = [...readExpected(cluster)].filter(([artifact]) => artifact.startsWith('iptables'));
        const artifacts = [
          ['iptables.ipv4.save', 'iptables.save'],
          ['iptables.ipv6.save', 'ip6tables.save'],
          ['iptables.ipv4.restore', 'iptables.restore'],
          ['iptables.ipv6.restore', 'ip6tables.restore'],
        ] as const;
        const out = join(work, 'live');
        const actual = artifacts.map(([artifact, file]): [string, string] => [
          artifact,
          canonicalIptablesSave(readFileSync(join(out, file), 'utf8')),
        ]);
        expect(new Map(actual)).toEqual(new Map(expected));
      });
    }
  });

  test('only the Services of a namespace and of a selector are compiled', async () => {
    const service = (name: string, namespace: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, labels: { app: name } },
      spec: { ports: [{ port: 80 }] },
    });
    const items = [service('one', 'left'), service('two', 'left'), service('two', 'right')];
    await plane.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const compiled = async (...flags: readonly string[]) => {
      const rules = await run('compile', '--mode', 'iptables', ...flags);
      return [...rules.matchAll(/"((?:left|right)\/\S+) has no endpoints"/g)].map(([, name]) => name);
    };
    expect(await compiled('-n', 'left')).toEqual(['left/one', 'left/two']);
    expect(await compiled('-n', 'left', '-A', '-l', 'app=two')).toEqual(['left/two', 'right/two']);
    expect(await compiled('--selector', 'app in (one)')).toEqual(['left/one']);
  });

  describe('with a node that says its release', () => {
    const node = (name: string, kubeletVersion: string) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { nodeInfo: { kubeletVersion }, addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] },
    });

    beforeAll(async () => {
      const configuration = ['apiVersion: kubeproxy.config.k8s.io/v1alpha1', 'kind: KubeProxyConfiguration'];
      const items = [
        node('old', 'v1.27.4-gke.900'),
        node('older', 'v1.24.17'),
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kube-proxy', namespace: 'kube-system' },
          data: {
            'config.conf': [...configuration, 'clusterCIDR: 10.244.0.0/16', 'mode: iptables', ''].join('\n'),
          },
        },
      ];
      await plane.kubectl(
        ['create', '--validate=false', '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
      );
    });

    test('that release and the configuration of the cluster are taken', async () => {
      const { status, stdout, stderr } = await runCaptured(['compile', '--node', 'old', '-v'], plane.env);
      expect(status, stderr).toBe(0);
      expect(stderr).toContain('mode iptables of kube-proxy 1.27, node old\n');
      expect(stdout).toContain('! -s 10.244.0.0/16');
    });

    test('flags go before both', async () => {
      const flags = ['--node', 'old', '-v', '--kube-version', '1.30', '--cluster-cidr', '10.1.0.0/16'];
      const { status, stdout, stderr } = await runCaptured(['compile', ...flags], plane.env);
      expect(status, stderr).toBe(0);
      expect(stderr).toContain('kube-proxy 1.30');
      expect(stdout).toContain('! -s 10.1.0.0/16');
    });

    test('a release that is not supported leads to the newest and a note', async () => {
      const { status, stderr } = await runCaptured(['compile', '--node', 'older', '-v'], plane.env);
      expect(status, stderr).toBe(0);
      expect(stderr).toContain(
        'note: Node older: its kubelet is v1.24.17, and that release of kube-proxy is not supported; the rules are those of 1.37\n',
      );
    });

    test('a configuration with a fault is refused in its line', async () => {
      await plane.kubectl([
        ...['patch', 'configmap', 'kube-proxy', '-n', 'kube-system', '-p'],
        JSON.stringify({ data: { 'config.conf': 'kind: KubeProxyConfiguration\n\nmode: magic\n' } }),
      ]);
      const { status, stdout, stderr } = await runCaptured(['compile', '--node', 'old'], plane.env);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^ConfigMap kube-system\/kube-proxy, config\.conf:3:\d+: error: .*mode/);
    });
  });
}
