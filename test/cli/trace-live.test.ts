/** `trace` without `-f`: what it asks a cluster for, and the rules of a node read through its kube-proxy Pod. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, fakeKubectl, quote } from '../support/fake-kubectl.ts';

const folder = mkdtempSync(join(tmpdir(), 'svcrules-trace-live-'));
afterAll(() => rmSync(folder, { recursive: true }));
let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const items = loadAll(readFileSync('fixtures/examples/web.yaml', 'utf8')) as readonly Item[];
const ofKind = (kind: string) => items.filter((item) => item.kind === kind);
const list = (kind: string, objects: readonly unknown[], apiVersion = 'v1') =>
  answer({ kind: `${kind}List`, apiVersion, metadata: {}, items: objects });

const SLICE = load(`
metadata: {name: web-1, namespace: prod, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [10.244.1.8], nodeName: worker-1, targetRef: {kind: Pod, name: web-a, namespace: prod}}
- {addresses: [10.244.2.9], nodeName: worker-2, targetRef: {kind: Pod, name: web-b, namespace: prod}}
`);

const PROXY = {
  metadata: { name: 'kube-proxy-abc' },
  spec: { hostNetwork: true, containers: [{ name: 'kube-proxy' }] },
  status: { phase: 'Running' },
};

const CLUSTER = {
  '/api/v1/services?': list('Service', ofKind('Service')),
  '/api/v1/namespaces/prod/pods?': list('Pod', ofKind('Pod').slice(1, 2)),
  '/apis/discovery.k8s.io/v1/endpointslices?': list('EndpointSlice', [SLICE], 'discovery.k8s.io/v1'),
  '/api/v1/nodes?': list('Node', ofKind('Node')),
  '/api/v1/nodes/': answer(ofKind('Node')[0]),
  '/api/v1/namespaces/kube-system/pods': list('Pod', [PROXY]),
  'config view': 'printf prod',
};

function run(answers: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  fake = fakeKubectl(answers);
  return runCaptured(argv, { ...process.env, KUBECTL_PATH: fake.path });
}

describe('a live cluster', () => {
  it('is asked for the Pod that sends, whose node it is', async () => {
    const { status, stdout, stderr } = await run(CLUSTER, 'trace', '--from', 'prod/web-b', '--to', 'web');
    expect(status, stderr).toBe(0);
    expect(
      stdout,
    ).toBe(`TCP 10.244.2.9 (Pod prod/web-b on worker-2) → 10.96.14.7:80, cluster IP of prod/web:http, on worker-2
PREROUTING → KUBE-SERVICES → KUBE-SVC-I6F7…
  1/2  DNAT 10.244.2.9:8080  source becomes the node's address  Pod prod/web-b on worker-2
  1/2  DNAT 10.244.1.8:8080  source stays                       Pod prod/web-a on worker-1
`);
    const pods = fake?.calls().find((call) => call.includes('/pods?'));
    expect(pods).toContain('fieldSelector=metadata.name%3Dweb-b');
  });

  it('is not asked where a dump and addresses say all', async () => {
    const dump = join(folder, 'rules.save');
    writeFileSync(dump, (await runCaptured(['compile', '-f', 'fixtures/examples/web.yaml'])).stdout);
    const { status } = await run({}, 'trace', '--from', '1.1.1.1', '--to', '10.96.14.7:80', '--dump', dump);
    expect(status).toBe(0);
    expect(() => fake?.calls()).toThrow('ENOENT');
  });

  it('is compared with what a node has', async () => {
    const rules = (await runCaptured(['compile', '-f', 'fixtures/examples/web.yaml'])).stdout;
    const argv = ['trace', '--from', '8.8.8.8', '--to', 'web', '--via-pod', '--node', 'worker-1'];
    const save = 'exec --namespace kube-system kube-proxy-abc --container kube-proxy -- iptables-save';
    const save6 = save.replace('iptables', 'ip6tables');
    const empty = `printf '*nat\\n:PREROUTING ACCEPT [0:0]\\nCOMMIT\\n'`;
    const good = await run({ ...CLUSTER, [save]: `printf %s ${quote(rules)}`, [save6]: empty }, ...argv);
    expect(good.status, good.stderr).toBe(0);
    expect(good.stdout).toMatch(/\nthe cluster and the host \(.*\) do the same\n/);
    fake?.remove();
    const stale = rules.replaceAll('10.244.2.9', '10.244.9.9');
    const bad = await run({ ...CLUSTER, [save]: `printf %s ${quote(stale)}`, [save6]: empty }, ...argv);
    expect(bad.status, bad.stderr).toBe(1);
    expect(bad.stdout).toContain('no endpoint of prod/web:http');
  });
});
