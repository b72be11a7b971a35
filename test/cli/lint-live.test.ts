/** `lint` without files asks kubectl: what the API server holds is what is judged, slices and Pods as the controllers left them. */
import { afterEach, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';

let fake: FakeKubectl | undefined;
afterEach(() => fake?.remove());

const list = (kind: string, apiVersion: string, items: readonly unknown[]) =>
  answer({ kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '7' }, items });

const stored = (name: string) => ({ name, namespace: 'prod', uid: `uid-${name}`, resourceVersion: '5' });

const service = (name: string, spec: object) => ({
  metadata: stored(name),
  spec: {
    type: 'ClusterIP',
    clusterIP: `10.96.0.${name.length}`,
    ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
    ...spec,
  },
});

const SERVICES = [
  service('web', { selector: { app: 'web' } }),
  service('db', { selector: { app: 'db' } }),
  service('older', { externalIPs: ['203.0.113.7'], selector: { app: 'db' } }),
];

const pod = (name: string, app: string, ready: string) => ({
  metadata: { ...stored(name), labels: { app } },
  spec: {
    nodeName: 'worker-1',
    containers: [{ name: 'c', image: 'i', readinessProbe: { tcpSocket: { port: 8080 } } }],
  },
  status: {
    phase: 'Running',
    podIP: `10.244.1.${name.length}`,
    podIPs: [{ ip: `10.244.1.${name.length}` }],
    conditions: [{ type: 'Ready', status: ready, reason: 'ContainersNotReady' }],
  },
});

const CLUSTER = {
  '/api/v1/services': list('Service', 'v1', SERVICES),
  '/api/v1/namespaces/prod/services': list('Service', 'v1', SERVICES),
  '/api/v1/pods': list('Pod', 'v1', [pod('web-1', 'web', 'False'), pod('database-1', 'db', 'True')]),
  '/api/v1/namespaces/prod/pods': list('Pod', 'v1', [pod('web-1', 'web', 'False')]),
  '/apis/discovery.k8s.io/v1/endpointslices': list('EndpointSlice', 'discovery.k8s.io/v1', []),
  '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices': list(
    'EndpointSlice',
    'discovery.k8s.io/v1',
    [],
  ),
  '/api/v1/nodes': list('Node', 'v1', [{ metadata: { name: 'worker-1' } }]),
};

function run(answers: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  fake = fakeKubectl(answers);
  return runCaptured(['lint', ...argv], { ...process.env, KUBECTL_PATH: fake.path });
}

describe('lint of a live cluster', () => {
  it('finds what is wrong now, without places in files', async () => {
    const { status, stdout, stderr } = await run(CLUSTER, '-o', 'json');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const { findings } = JSON.parse(stdout) as { findings: readonly Readonly<Record<string, unknown>>[] };
    const found = findings.map(({ rule, object }) => [rule, (object as { name: string }).name]);
    expect(found).toEqual([
      ['external-ips', 'older'],
      ['pods-not-ready', 'web'],
    ]);
    for (const finding of findings) expect(finding.line).toBeNull();
  });

  it('asks for nothing but lists, and only of the namespace', async () => {
    await run(CLUSTER, '-n', 'prod');
    const calls = fake?.calls() ?? [];
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) expect(call).toMatch(/^(get --raw|config view) /);
    expect(calls.some((call) => call.includes('/api/v1/namespaces/prod/services'))).toBe(true);
    expect(calls.some((call) => call.includes('/api/v1/services'))).toBe(false);
  });

  it('ends with 2 where the cluster cannot be read', async () => {
    const denied = failure(
      'Error from server (Forbidden): services is forbidden: User "eve" cannot list resource "services"',
    );
    const { status, stdout, stderr } = await run({ ...CLUSTER, '/api/v1/services': denied });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('forbidden');
  });
});
