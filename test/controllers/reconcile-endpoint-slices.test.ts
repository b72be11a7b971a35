import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../src/apiserver/cluster-state.ts';
import type { EndpointSlice, Endpoints } from '../../src/apiserver/objects.ts';
import { deriveEndpoints } from '../../src/controllers/endpoints-controller.ts';
import { isSelecting, podCluster } from '../../src/controllers/pod-cluster.ts';
import { reconcileEndpointSlices } from '../../src/controllers/reconcile-endpoint-slices.ts';
import { admitFile, clusterState, node, pod, service } from './cluster-state.ts';
import { endpointLines } from './endpoint-lines.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const NAMES = readdirSync(FIXTURES)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length));

/** The Endpoints of the input, and for each Service with a selector those that its controller writes. */
function allEndpoints(state: ClusterState): readonly Endpoints[] {
  const cluster = podCluster(state);
  const key = ({ metadata }: Endpoints) => `${metadata.namespace}/${metadata.name}`;
  const all = new Map(state.endpoints.map((object) => [key(object), object]));
  for (const selecting of state.services.filter(isSelecting)) {
    const { namespace, name } = selecting.metadata;
    const derived = deriveEndpoints(selecting, cluster, all.get(`${namespace}/${name}`));
    if (derived !== undefined) all.set(key(derived), derived);
  }
  return [...all.values()];
}

describe('the slices and Endpoints of a cluster with Pods', () => {
  it.each(NAMES)('%s: as the real controllers write them', async (name) => {
    const { state, diagnostics } = await admitFile(join(FIXTURES, `${name}.yaml`));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const reconciled = reconcileEndpointSlices(state).state;
    const lines = endpointLines(reconciled.endpointSlices, allEndpoints(reconciled));
    expect(lines).toEqual(
      readFileSync(join(FIXTURES, `${name}.txt`), 'utf8')
        .trimEnd()
        .split('\n'),
    );
  });

  it('do not depend on the order of the Pods', async () => {
    const { state } = await admitFile(join(FIXTURES, 'topology.yaml'));
    const turned = { ...state, pods: state.pods.toReversed(), nodes: state.nodes.toReversed() };
    const slices = reconcileEndpointSlices(state).state.endpointSlices;
    expect(reconcileEndpointSlices(turned).state.endpointSlices).toEqual(slices);
  });

  it('splits endpoints into slices of 100', () => {
    const pods = Array.from({ length: 131 }, (_, i) => {
      const containerPort = i < 101 ? 8080 : 9090;
      const spec = { nodeName: 'n1', containers: [{ ports: [{ name: 'http', containerPort }] }] };
      return pod(`p${i}`, `10.244.0.${i}`, { spec });
    });
    const state = clusterState({ services: [service('many')], pods, nodes: [node('n1')] });
    const slices = reconcileEndpointSlices(state).state.endpointSlices;
    expect(
      slices.map(({ metadata, ports, endpoints }) => [metadata.name, ports?.[0]?.port, endpoints.length]),
    ).toEqual([
      ['many-ipv4-0', 8080, 100],
      ['many-ipv4-1', 8080, 1],
      ['many-ipv4-2', 9090, 30],
    ]);
    const addresses = slices.flatMap(({ endpoints }) => endpoints.flatMap((endpoint) => endpoint.addresses));
    expect(new Set(addresses).size).toBe(131);
  });

  it('leaves a Service alone that has slices of its own', () => {
    const own: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'own', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [],
    };
    const pods = [pod('p1', '10.244.0.1')];
    const state = clusterState({
      services: [service('web')],
      pods,
      nodes: [node('n1')],
      endpointSlices: [own],
    });
    expect(reconcileEndpointSlices(state).state.endpointSlices).toEqual([own]);
  });

  it('selects by the zone of the Node, which admission copies to its Pods', () => {
    const selector = { app: 'x', 'topology.kubernetes.io/zone': 'za' };
    const pods = [pod('p1', '10.244.0.1'), pod('p2', '10.244.0.2', { spec: { nodeName: 'n2' } })];
    const nodes = [node('n1', 'za'), node('n2', 'zb')];
    const state = clusterState({ services: [service('web', { selector })], pods, nodes });
    const [slice] = reconcileEndpointSlices(state).state.endpointSlices;
    expect(slice?.endpoints.map(({ targetRef }) => targetRef?.name)).toEqual(['p1']);
  });

  it('gives what it makes the origin of what it was made from', () => {
    const web = service('web');
    const origin = { file: 'web.yaml', document: 1, path: [] };
    const state = clusterState({
      services: [web],
      pods: [pod('p1', '10.244.0.1')],
      nodes: [node('n1')],
      origins: new Map([[web, origin]]),
    });
    const reconciled = reconcileEndpointSlices(state).state;
    expect(reconciled.endpointSlices).toHaveLength(1);
    expect(reconciled.origins.get(reconciled.endpointSlices[0] as EndpointSlice)).toEqual(origin);
  });
});

const BY_HAND: Endpoints = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'default' },
  subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 8080, protocol: 'TCP' }] }],
};

describe('diagnostics', () => {
  function codes(parts: Partial<ClusterState>): string[] {
    return reconcileEndpointSlices(clusterState(parts)).diagnostics.map(({ code }) => code);
  }

  it('say that Endpoints of a Service with a selector are overwritten', () => {
    const parts = { services: [service('web')], nodes: [node('n1')], endpoints: [BY_HAND] };
    const other = pod('p1', '10.244.0.1');
    expect(codes({ ...parts, pods: [other] })).toEqual(['EndpointsOverwritten']);
    expect(codes({ ...parts, pods: [pod('p1', '192.0.2.1')] })).toEqual([]);
    const { state } = reconcileEndpointSlices(clusterState({ ...parts, pods: [other] }));
    expect(state.endpoints[0]?.subsets?.[0]?.addresses?.[0]?.ip).toBe('10.244.0.1');
  });

  it('use Endpoints of a Service with a selector where there are no Pods', () => {
    const state = clusterState({ services: [service('web')], endpoints: [BY_HAND] });
    const reconciled = reconcileEndpointSlices(state);
    expect(reconciled.diagnostics).toEqual([]);
    expect(reconciled.state.endpointSlices.map(({ endpoints }) => endpoints[0]?.addresses)).toEqual([
      ['192.0.2.1'],
    ]);
  });

  it('warn of a Service for which there is nothing at all', () => {
    expect(codes({ services: [service('web')] })).toEqual(['NoEndpointsInInput']);
    expect(codes({ services: [service('web', { clusterIP: 'None' })] })).toEqual([]);
    expect(codes({ services: [service('web')], endpoints: [{ ...BY_HAND, subsets: [] }] })).toEqual([]);
  });

  it('say nothing of Endpoints that the controller wrote for Pods of another time', () => {
    const labels = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    const endpoints = [{ ...BY_HAND, metadata: { ...BY_HAND.metadata, labels } }];
    const pods = [pod('p1', '10.244.0.1')];
    expect(codes({ services: [service('web')], nodes: [node('n1')], pods, endpoints })).toEqual([]);
  });

  it('warn of Nodes that the input lacks', () => {
    const pods = [pod('p1', '10.244.0.1'), pod('p2', '10.244.0.2'), pod('p3', '')];
    const { diagnostics } = reconcileEndpointSlices(clusterState({ services: [service('web')], pods }));
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['NodeNotInInput', 'the input has no Node n1, to which 2 Pods are bound'],
    ]);
  });

  it('name some of the Nodes that the input lacks', () => {
    const pods = Array.from({ length: 5 }, (_, i) =>
      pod(`p${i}`, `10.244.0.${i}`, { spec: { nodeName: `n${i}` } }),
    );
    const { diagnostics } = reconcileEndpointSlices(clusterState({ services: [service('web')], pods }));
    expect(diagnostics[0]?.message).toBe(
      'the input has no Nodes n0, n1, n2 and 2 more, to which 5 Pods are bound',
    );
    expect(codes({ pods })).toEqual([]);
  });

  it('warn of a Pod whose address no slice may hold', () => {
    const pods = [pod('p1', '127.0.0.1'), pod('p2', '10.244.0.1')];
    const parts = { services: [service('web')], nodes: [node('n1')], pods };
    const { diagnostics, state } = reconcileEndpointSlices(clusterState(parts));
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      [
        'EndpointSliceRefused',
        'the address 127.0.0.1 of Pod p1 must not be a loopback address (127.0.0.0/8, ::1)',
      ],
    ]);
    expect(state.endpointSlices).toEqual([]);
  });

  it('warn of Endpoints without a Service', () => {
    expect(codes({ endpoints: [BY_HAND] })).toEqual(['EndpointsNotMirrored']);
  });
});
