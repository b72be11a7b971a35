/** Hints that were to keep connections near, and that kube-proxy does not heed. */
import { ZONE_LABEL } from '../../apiserver/labels.ts';
import type { EndpointSlice, Node, Service } from '../../apiserver/objects.ts';
import { DEFAULT_CONFIGURATION } from '../../proxy/configuration.ts';
import { type EndpointInfo, endpointsOfServicePort } from '../../proxy/endpoint.ts';
import { identifyNode } from '../../proxy/node-identity.ts';
import { newestRelease } from '../../proxy/release.ts';
import { isNotProxied, type ServicePortInfo, servicePorts } from '../../proxy/service-port.ts';
import { type NoTopology, topologyFromHints } from '../../proxy/topology-hints.ts';
import type { FieldPath } from '../../shared/diagnostic.ts';
import { compareStrings } from '../../shared/ordering.ts';
import type { Fault } from '../finding.ts';
import { groupBy, type LintedCluster } from '../linted-cluster.ts';
import { formatNodes } from '../local-endpoints.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (hints: string, mark: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
    - port: 8080
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
endpoints:
  - addresses: [192.0.2.10]
    hints: {forZones: [{name: zone-a}]}
  - addresses: [192.0.2.11]${mark}${hints}
ports:
  - port: 8080
`;

const NODE = (name: string, labels: string) => `apiVersion: v1
kind: Node
metadata: {name: ${name}${labels}}
---
`;

const WITH_HINTS = MANIFEST('\n    hints: {forZones: [{name: zone-b}]}', '');
const ZONE_A = NODE('worker-1', ', labels: {topology.kubernetes.io/zone: zone-a}');

export const topologyHintsUnused: LintRule = {
  id: 'topology-hints-unused',
  title: 'Connections are to stay in a zone or on a node, and kube-proxy spreads them over all endpoints',
  severity: 'warning',
  what: 'For Services with trafficDistribution, topology-mode Auto or hints in their slices: asks for each Node of the input whether kube-proxy 1.37 heeds the hints. A warning where one ready endpoint lacks a hint, or a Node lacks its zone label; a note where a zone of the Nodes has no endpoint, or where no endpoint gets a hint. Silent without endpoints.',
  why: 'Hints count only all together: one ready endpoint without, a node without a zone, or no endpoint for the zone, and kube-proxy takes any endpoint, across zones, without a word but in its log',
  mend: 'Give every Node the label topology.kubernetes.io/zone and every hand-written endpoint a hint, and run Pods in every zone (topologySpreadConstraints)',
  invalid: [
    { title: 'one endpoint has no hint, so no hint counts', manifest: MANIFEST('', ' # ✗') },
    {
      title: 'worker-2 does not know its zone',
      manifest: `${ZONE_A}${NODE('worker-2', '')}${WITH_HINTS.replace('spec:', 'spec: # ✗')}`,
    },
  ],
  valid: [{ title: 'all have what is needed', manifest: `${ZONE_A}${WITH_HINTS}` }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (isNotProxied(service)) continue;
      const slices = cluster.slicesOf(service);
      if (askingField(service) === undefined && !slices.some(hasHints)) continue;
      const fault = judge(service, slices, cluster);
      if (fault !== undefined) yield fault;
    }
  },
};

const ANNOTATIONS = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'];

/** The field that asks for topology; undefined where none does. */
function askingField({ metadata, spec }: Service): FieldPath | undefined {
  if (spec.trafficDistribution) return ['spec', 'trafficDistribution'];
  const key = ANNOTATIONS.find((name) => metadata.annotations?.[name]?.toLowerCase() === 'auto');
  return key === undefined ? undefined : ['metadata', 'annotations', key];
}

function hasHints({ endpoints }: EndpointSlice): boolean {
  return endpoints.some(({ hints }) => hints?.forZones?.length || hints?.forNodes?.length);
}

/** One finding a Service: what holds for all nodes goes before what holds for some. */
function judge(
  service: Service,
  slices: readonly EndpointSlice[],
  cluster: LintedCluster,
): Fault | undefined {
  const nodes = [...cluster.admitted.nodes].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
  const nowhere = identifyNode(cluster.state, DEFAULT_CONFIGURATION, { addresses: [] });
  for (const family of ['IPv4', 'IPv6'] as const) {
    const release = newestRelease();
    const ofFamily = slices.filter(({ addressType }) => addressType === family);
    for (const port of servicePorts(service, family, nowhere, DEFAULT_CONFIGURATION, release)) {
      const endpoints = endpointsOfServicePort(port, ofFamily, '', release);
      const fault = judgePort(service, port, endpoints, nodes, cluster);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function judgePort(
  service: Service,
  port: ServicePortInfo,
  endpoints: readonly EndpointInfo[],
  nodes: readonly Node[],
  cluster: LintedCluster,
): Fault | undefined {
  if (!endpoints.some(({ ready }) => ready)) return undefined;
  const without = endpoints.find(
    ({ ready, zoneHints, nodeHints }) => ready && !zoneHints.length && !nodeHints.length,
  );
  const everywhere = topologyFromHints(port, endpoints, { name: '', zone: '' }, newestRelease());
  const place = cluster.placeOf(service, askingField(service) ?? ['spec']);
  if (everywhere.kind === 'none' && everywhere.why === 'no-hints') {
    const why =
      'Each of its Nodes needs a zone, for topology-mode Auto also CPUs, and there must be enough endpoints for every zone: else the controllers give no hints, and kube-proxy takes any endpoint';
    return {
      severity: 'note',
      message: 'no endpoint gets a hint, so all nodes use all endpoints',
      why,
      place,
    };
  }
  if (everywhere.kind === 'none' && everywhere.why === 'endpoint-without-hint') {
    const message = `${without?.address ?? 'an endpoint'} has no hint, so no hint counts`;
    return { message, place: placeOfEndpoint(without?.ip, service, cluster) ?? place };
  }
  const byReason = groupBy(nodes, (node) => reasonOn(node, port, endpoints));
  for (const reason of ['node-without-zone', 'none-for-zone', 'none-for-node'] as const) {
    const names = (byReason.get(reason) ?? []).map(({ metadata }) => metadata.name);
    if (names.length === 0) continue;
    const uses = names.length === 1 ? 'uses' : 'use';
    const message = `${TELLS[reason]}${formatNodes(names, nodes.length)}, which ${uses} all endpoints`;
    return reason === 'node-without-zone' ? { message, place } : { severity: 'note', message, place };
  }
  return undefined;
}

const TELLS = {
  'node-without-zone': `the label ${ZONE_LABEL} is missing on `,
  'none-for-zone': 'no endpoint is meant for the zone of ',
  'none-for-node': 'no endpoint is meant for ',
} as const;

function reasonOn(
  { metadata }: Node,
  port: ServicePortInfo,
  endpoints: readonly EndpointInfo[],
): NoTopology | '' {
  const node = { name: metadata.name, zone: metadata.labels?.[ZONE_LABEL] ?? '' };
  const topology = topologyFromHints(port, endpoints, node, newestRelease());
  return topology.kind === 'none' ? topology.why : '';
}

/** Of a slice that somebody wrote. */
function placeOfEndpoint(ip: string | undefined, service: Service, cluster: LintedCluster) {
  for (const slice of cluster.writtenSlicesOf(service)) {
    const index = slice.endpoints.findIndex(({ addresses }) => addresses[0] === ip);
    if (index >= 0) return cluster.placeOf(slice, ['endpoints', index]);
  }
  return undefined;
}
