/** Commands without `-f`: what they ask of a cluster, and what they say where it fails. */
import { afterEach, describe, expect, test } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

const list = (kind: string, items: readonly unknown[], apiVersion = 'v1') =>
  answer({ kind: `${kind}List`, apiVersion, metadata: {}, items });

function service(name: string, namespace: string, clusterIP: string) {
  return {
    metadata: { name, namespace },
    spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
  };
}

const API = service('kubernetes', 'default', '10.96.0.1');
const WEB = service('web', 'prod', '10.96.0.2');

const CLUSTER = {
  '/api/v1/services?': list('Service', [API, WEB]),
  '/api/v1/namespaces/prod/services?': list('Service', [WEB]),
  '/api/v1/namespaces/default/services?': list('Service', [API]),
  '/api/v1/namespaces/prod/pods?': list('Pod', []),
  '/apis/discovery.k8s.io/v1/endpointslices?': list('EndpointSlice', [], 'discovery.k8s.io/v1'),
  '/api/v1/nodes?': list('Node', [
    { metadata: { name: 'n' }, status: { nodeInfo: { kubeletVersion: 'v1.30.0' } } },
  ]),
  'config view': 'printf prod',
};

function run(answers: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  fake = fakeKubectl(answers);
  return runCaptured(argv, { ...process.env, KUBECTL_PATH: fake.path });
}

/** The paths that were asked for. */
function asked(): string[] {
  return (fake?.calls() ?? []).map((call) => call.replace(/^get --raw (\S+)\?\S*(.*)$/, '$1$2')).sort();
}

describe('compile', () => {
  test("asks for what a node's kube-proxy watches", async () => {
    const { status, stderr, stdout } = await run(CLUSTER, 'compile', '-v', '--context', 'c', '--as', 'me');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('prod/web');
    expect(stderr).toContain('mode iptables of kube-proxy 1.30, node n\n');
    expect(asked()).toEqual(
      [
        '/api/v1/nodes',
        '/api/v1/services',
        '/apis/discovery.k8s.io/v1/endpointslices',
        '/apis/networking.k8s.io/v1/servicecidrs',
        'get --raw /api/v1/namespaces/kube-system/configmaps/kube-proxy',
      ].map((path) => `${path} --context=c --as=me`),
    );
  });

  test('does not ask for the configuration where a file has it', async () => {
    const config = `${import.meta.dirname}/../../fixtures/clusters/rich/config.yaml`;
    const { status, stderr } = await run(CLUSTER, 'compile', '--proxy-config', config, '--mode', 'iptables');
    expect(status, stderr).toBe(0);
    expect(asked().some((path) => path.includes('configmaps'))).toBe(false);
  });

  test.each([
    ['forbidden', failure('Error from server (Forbidden): nodes is forbidden: User "eve" cannot list')],
    ['killed', 'kill -9 $$'],
    ['cut', `printf '{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n"}},{"met'`],
    ['gone', failure('Error from server (Expired): too old resource version')],
  ])('prints nothing where a list is %s', async (_, shell) => {
    const { status, stdout, stderr } = await run({ ...CLUSTER, '/api/v1/nodes?': shell }, 'compile');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: .*\bnodes\b.*\n$/);
  });

  test.each([
    ['-l', 'app=web'],
    ['-A'],
    ['--context', 'c'],
    ['--as', 'me'],
    ['--request-timeout', '1s'],
  ])('refuses %s with -f', async (...flags) => {
    const { status, stderr } = await run(CLUSTER, 'compile', '-f', 'x.yaml', ...flags);
    expect(status).toBe(2);
    expect(stderr).toMatch(/cannot be used with option '-f, --filename <file>'/);
  });
});

test('fields of a later release are no fault', async () => {
  const later = { ...WEB, spec: { ...WEB.spec, later: true } };
  const cluster = { ...CLUSTER, '/api/v1/services?': list('Service', [later]) };
  const { status, stderr, stdout } = await run(cluster, 'compile');
  expect(status, stderr).toBe(0);
  expect(stdout).toContain('prod/web');
  const faulty = { ...WEB, spec: { ...WEB.spec, later: true, ports: 'many' } };
  const refused = await run({ ...CLUSTER, '/api/v1/services?': list('Service', [faulty]) }, 'compile');
  expect(refused.status).toBe(2);
  expect(refused.stdout).toBe('');
  expect(refused.stderr).toContain('cluster: error: Service prod/web: spec.ports must be a list');
});

describe('env', () => {
  test("asks for the Services of the context's namespace", async () => {
    const { status, stderr, stdout } = await run(CLUSTER, 'env', '--kubeconfig', 'k');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('WEB_SERVICE_HOST=10.96.0.2\n');
    expect(stdout).toContain('KUBERNETES_SERVICE_HOST=10.96.0.1\n');
    expect(asked()).toEqual([
      '/api/v1/namespaces/default/services --kubeconfig=k',
      '/api/v1/namespaces/prod/services --kubeconfig=k',
      'config view --minify --output=jsonpath={..namespace} --kubeconfig=k',
    ]);
  });

  test('of default asks once', async () => {
    const { status, stdout } = await run(CLUSTER, 'env', '-n', 'default');
    expect([status, stdout.includes('WEB_'), asked()]).toEqual([
      0,
      false,
      ['/api/v1/namespaces/default/services'],
    ]);
  });

  test('asks for one Pod', async () => {
    const { status, stderr } = await run(CLUSTER, 'env', '-n', 'prod', '--pod', 'a,b');
    expect([status, stderr]).toEqual([2, 'error: the cluster has no Pod prod/a,b\n']);
    expect(fake?.calls()).toContain(
      'get --raw /api/v1/namespaces/prod/pods?limit=500&resourceVersion=0&fieldSelector=metadata.name%3Da%5C%2Cb',
    );
  });
});

test('--debug adds what kubectl said, as plain text', async () => {
  const shell = failure('some plugin: \x1b[31mhello\nerror: no');
  const { status, stdout, stderr } = await run({ ...CLUSTER, '/api/v1/nodes?': shell }, 'compile', '--debug');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('error: kubectl failed: no\n');
  expect(stderr).toContain('some plugin: \\x1b[31mhello\nerror: no\n');
});

test('without kubectl and without -f, one sentence says so', async () => {
  expect(await runCaptured(['compile'], { PATH: '/nowhere' })).toEqual({
    status: 2,
    stdout: '',
    stderr: 'error: kubectl was not found; a cluster is read through kubectl, manifests are named with -f\n',
  });
});

describe('dns', () => {
  test('asks for Services and slices, and for Pods where their names are wanted', async () => {
    const answers = { ...CLUSTER, '/api/v1/pods?': list('Pod', []) };
    const { status, stderr, stdout } = await run(answers, 'dns');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('web.prod.svc.cluster.local. 30 IN A 10.96.0.2\n');
    expect(asked()).toEqual(['/api/v1/services', '/apis/discovery.k8s.io/v1/endpointslices']);
    fake?.remove();
    await run(answers, 'dns', '--pods', 'verified');
    expect(asked()).toContain('/api/v1/pods');
  });
});
