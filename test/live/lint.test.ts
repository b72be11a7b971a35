/** `lint` without files, against a real API server and its controllers. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';

const OBJECTS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } },
    ...['web', 'wbe'].map((app) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: app, namespace: 'prod' },
      spec: { selector: { app }, ports: [{ port: 80, targetPort: 'http' }] },
    })),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'intercepting', namespace: 'prod' },
      spec: {
        externalIPs: ['203.0.113.7'],
        selector: { app: 'web' },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', namespace: 'prod', labels: { app: 'web' } },
      spec: {
        automountServiceAccountToken: false,
        containers: [
          { name: 'web', image: 'example.com/web', ports: [{ name: 'web', containerPort: 8080 }] },
        ],
      },
    },
  ],
};

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const impossible = probeControlPlane();

test('a control plane can be linted where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('lint of a live cluster', aLiveCluster);

function aLiveCluster(): void {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
    await plane.kubectl(['create', '-f', '-'], JSON.stringify(OBJECTS));
  });

  afterAll(async () => await plane?.stop());

  test('finds the fault of each Service, and nothing at the API server itself', async () => {
    const { status, stdout, stderr } = await runCaptured(['lint', '-o', 'json'], plane.env);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const { findings } = JSON.parse(stdout) as {
      findings: readonly { rule: string; object: { kind: string; name: string } }[];
    };
    const found = findings.map(({ rule, object }) => `${object.kind} ${object.name}: ${rule}`);
    expect(found.sort()).toEqual([
      'Pod web-1: readiness-probe-missing',
      'Service intercepting: external-ips',
      'Service wbe: service-selector-matches-nothing',
      'Service web: target-port-name-missing',
    ]);
  });
}
