/** Reading a real API server with a real kubectl. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { currentNamespace } from '../../src/input/current-namespace.ts';
import type { Kubectl } from '../../src/input/kubectl.ts';
import { type ClusterKind, type ClusterList, readCluster } from '../../src/input/read-cluster.ts';
import { readLiveProxyConfiguration } from '../../src/input/read-live-proxy-configuration.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';

const RBAC = join(import.meta.dirname, '../../deploy/rbac.yaml');
const KINDS: Readonly<Record<ClusterKind, string>> = {
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Endpoints: 'endpoints',
  Node: 'nodes',
  Namespace: 'namespaces',
  Pod: 'pods',
  ServiceCIDR: 'servicecidrs',
};
const ALL = (Object.keys(KINDS) as ClusterKind[]).map((kind): ClusterList => ({ kind }));

const OBJECTS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } },
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'worker-1' },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
    },
    ...['default', 'prod'].map((namespace) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace, labels: { in: namespace } },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    })),
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'prod' },
      subsets: [{ addresses: [{ ip: '192.0.2.80' }], ports: [{ port: 8080 }] }],
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client', namespace: 'prod' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-proxy', namespace: 'kube-system' },
      data: {
        'config.conf':
          'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nclusterCIDR: 10.244.0.0/16\n',
      },
    },
  ],
};

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const impossible = probeControlPlane();

test('the control plane can start where it is required', () => {
  if (impossible !== undefined) process.stderr.write(`live tests are left out: ${impossible}\n`);
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('a live cluster', aLiveCluster);

function aLiveCluster(): void {
  const folder = mkdtempSync(join(tmpdir(), 'live-'));
  let plane: ControlPlane;
  let admin: Kubectl;
  let reader: Kubectl;

  beforeAll(async () => {
    plane = await startControlPlane();
    admin = { flags: {}, env: plane.env };
    await plane.kubectl(['create', '-f', '-'], JSON.stringify(OBJECTS));
    await plane.kubectl(['create', '-f', RBAC]);
    await plane.kubectl(['create', 'serviceaccount', 'reader']);
    const binding = ['create', 'clusterrolebinding', 'reader', '--clusterrole=svcrules-reader'];
    await plane.kubectl([...binding, '--serviceaccount=default:reader']);
    const token = (await plane.kubectl(['create', 'token', 'reader'])).trim();
    reader = { flags: { kubeconfig: kubeconfig('reader', token) }, env: plane.env };
    // The endpoints have been mirrored.
    await vi.waitFor(
      async () => expect(await names(admin, [{ kind: 'EndpointSlice' }])).toHaveLength(1),
      20_000,
    );
  });

  afterAll(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  function kubeconfig(name: string, token: string, edit = (text: string) => text): string {
    const path = join(folder, name);
    writeFileSync(
      path,
      edit(readFileSync(plane.env.KUBECONFIG as string, 'utf8')).replace('admintoken', token),
    );
    return path;
  }

  async function names(kubectl: Kubectl, lists: readonly ClusterList[]): Promise<string[]> {
    const { objects } = await readCluster({ lists, kubectl });
    return objects.map(({ kind, object }) => {
      const { namespace, name } = object.metadata as { namespace?: string; name: string };
      return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
    });
  }

  const messageOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  test('gives the objects that kubectl prints', async () => {
    const { objects } = await readCluster({ lists: ALL, kubectl: admin });
    for (const [kind, plural] of Object.entries(KINDS)) {
      const printed = JSON.parse(await plane.kubectl(['get', plural, '-A', '-o', 'json']));
      expect(printed.items.length, kind).toBeGreaterThan(0);
      expect(objects.filter((object) => object.kind === kind).map(({ object }) => object)).toEqual(
        printed.items,
      );
    }
  });

  test('gives those of a namespace and of a selector', async () => {
    expect(await names(admin, [{ kind: 'Service', namespace: 'prod' }])).toEqual(['Service prod/web']);
    expect(await names(admin, [{ kind: 'Service', labelSelector: 'in in (default)' }])).toEqual([
      'Service default/web',
    ]);
    const fieldSelector = 'metadata.name=kubernetes';
    expect(await names(admin, [{ kind: 'Service', namespace: 'default', fieldSelector }])).toEqual([
      'Service default/kubernetes',
    ]);
    expect(await names(admin, [{ kind: 'Service', namespace: 'empty' }])).toEqual([]);
    expect(await messageOf(names(admin, [{ kind: 'Service', labelSelector: '=,=' }]))).toMatch(
      /^kubectl failed while it listed services: Error from server \(BadRequest\): found '='/,
    );
  });

  test("gives kube-proxy's configuration", async () => {
    const { objects, diagnostics, locate } = await readLiveProxyConfiguration(reader);
    expect(diagnostics).toEqual([]);
    expect(objects.map(({ object }) => object)).toEqual([
      {
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        mode: 'ipvs',
        clusterCIDR: '10.244.0.0/16',
      },
    ]);
    expect(objects[0] && locate(objects[0].origin, ['mode'])?.line).toBe(3);
  });

  test("has the context's namespace, or default", async () => {
    expect(await currentNamespace(admin)).toBe('default');
    const inProd = kubeconfig('prod', 'x', (text) =>
      text.replace('user: admin}', 'user: admin, namespace: prod}'),
    );
    expect(await currentNamespace({ ...admin, flags: { kubeconfig: inProd } })).toBe('prod');
    const env = { ...plane.env, KUBECONFIG: '/nowhere' };
    expect(await currentNamespace({ flags: {}, env })).toBe('default');
    expect(await currentNamespace({ flags: {}, env: { ...env, POD_NAMESPACE: 'pods' } })).toBe('pods');
  });

  test('needs no more than deploy/rbac.yaml permits', async () => {
    expect(await names(reader, ALL)).toEqual(await names(admin, ALL));
    expect(await messageOf(names(admin, [{ kind: 'Service' }]))).toBe('no error');
    const nobody = await messageOf(names({ ...admin, flags: { as: 'eve', asGroup: ['x'] } }, ALL));
    expect(nobody).toMatch(
      /^the cluster does not let you list services, endpointslices, endpoints, nodes, namespaces, pods and servicecidrs: services is forbidden: User "eve" cannot list resource "services" in API group "" at the cluster scope \(deploy/,
    );
  });

  test.each(Object.entries(KINDS))(
    'without the permission for %s says so',
    async (kind, plural) => {
      const role = JSON.parse(await plane.kubectl(['get', 'clusterrole', 'svcrules-reader', '-o', 'json']));
      const rules = role.rules.map((rule: { resources: string[] }) => ({
        ...rule,
        resources: rule.resources.filter((resource) => resource !== plural),
      }));
      const reduced = { ...role, metadata: { name: 'svcrules-reader' } };
      await plane.kubectl(
        ['replace', '-f', '-'],
        JSON.stringify({
          ...reduced,
          rules: rules.filter(({ resources }: { resources: string[] }) => resources.length > 0),
        }),
      );
      const list = { kind: kind as ClusterKind };
      await vi.waitFor(async () => {
        const message = await messageOf(readCluster({ lists: [list], kubectl: reader }));
        expect(message).toMatch(
          new RegExp(
            `^the cluster does not let you list ${plural}: ${plural}\\S* is forbidden: User "system:serviceaccount:`,
          ),
        );
      }, 10_000);
      expect(await messageOf(readCluster({ lists: ALL, kubectl: reader }))).toContain(`you list ${plural}: `);
      await plane.kubectl(['replace', '-f', '-'], JSON.stringify({ ...reduced, rules: role.rules }));
      await vi.waitFor(async () => expect(await names(reader, [list])).not.toEqual([]), 10_000);
    },
    30_000,
  );

  test("without kube-proxy's configuration has a note", async () => {
    const eve = await readLiveProxyConfiguration({ ...admin, flags: { as: 'eve' } });
    expect(eve.objects).toEqual([]);
    expect(eve.diagnostics.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      expect.stringMatching(
        /^note: ConfigMap kube-system\/kube-proxy may not be read: configmaps "kube-proxy" is forbidden: /,
      ),
    ]);
    await plane.kubectl(['delete', 'configmap', 'kube-proxy', '-n', 'kube-system']);
    const none = await readLiveProxyConfiguration(reader);
    expect(none.objects).toEqual([]);
    expect(none.diagnostics.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      "note: the cluster has no ConfigMap kube-system/kube-proxy; kube-proxy's defaults are taken",
    ]);
  });

  test('that cannot be read says why', async () => {
    const read = (flags: Kubectl['flags']) =>
      messageOf(readCluster({ lists: ALL, kubectl: { ...admin, flags } }));
    expect(await read({ kubeconfig: kubeconfig('expired', 'no-such-token') })).toBe(
      'the cluster does not accept the credentials, which may have expired: You must be logged in to the server (Unauthorized)',
    );
    const elsewhere = kubeconfig('elsewhere', 'x', (text) => text.replace(':16443', ':1'));
    expect(await read({ kubeconfig: elsewhere })).toMatch(
      /^kubectl cannot reach the cluster: The connection to the server 127\.0\.0\.1:1 was refused/,
    );
    expect(await read({ context: 'nowhere' })).toBe('kubectl failed: context "nowhere" does not exist');
    expect(await read({ kubeconfig: '/nowhere' })).toMatch(/^kubectl failed: .*\/nowhere/);
  });
}
