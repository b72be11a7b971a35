/** Shows one Service as JSON. In: an explained Service, and where its objects were written. Out: a value. */
import type { NodeView } from '../proxy/node-view.ts';
import type { ExplainedEndpoint, ExplainedPort, ExplainedService } from '../trace/explained-service.ts';
import { formatFraction } from '../trace/fraction.ts';
import type { ClientOutcomes } from '../trace/service-clients.ts';
import { unproxiedPhrase } from './explain-phrases.ts';
import type { ManifestLines } from './manifest-lines.ts';
import { exact, verdictJson } from './trace-json.ts';

export function explainJson(explained: ExplainedService, view: NodeView, lines: ManifestLines): unknown {
  const { service, place, unproxied, noEndpoints, problems, ports, addresses, absentPods } = explained;
  const { metadata, spec } = service;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    origin: lines.at(place) ?? null,
    node: view.node.name,
    release: view.release.name,
    type: spec.type,
    internalTrafficPolicy: spec.internalTrafficPolicy ?? null,
    externalTrafficPolicy: spec.externalTrafficPolicy ?? null,
    affinitySeconds: ports[0]?.view.servicePort.affinitySeconds ?? 0,
    selector: spec.selector ?? {},
    ...(unproxied === undefined ? {} : { unproxied, unproxiedReason: unproxiedPhrase(explained) }),
    noEndpoints: noEndpoints ?? null,
    problems,
    ports: ports.map((port) => portJson(port, lines)),
    addresses: addresses.map((address) => endpointJson(address, lines)),
    absentPods: absentPods.map(({ pod, family, place: at, why }) => ({
      pod,
      family,
      why,
      origin: lines.at(at) ?? null,
    })),
  };
}

function portJson(port: ExplainedPort, lines: ManifestLines): unknown {
  const { family, view, place, targetPort, endpoints, clients, chains } = port;
  const { servicePort } = view;
  return {
    name: servicePort.portName,
    family,
    protocol: servicePort.protocol,
    clusterIP: servicePort.clusterIP,
    port: servicePort.port,
    targetPort,
    nodePort: servicePort.nodePort,
    externalIPs: servicePort.externalIPs,
    loadBalancerIPs: servicePort.loadBalancerVIPs,
    loadBalancerSourceRanges: servicePort.loadBalancerSourceRanges,
    healthCheckNodePort: servicePort.healthCheckNodePort,
    origin: lines.at(place) ?? null,
    endpoints: endpoints.map((endpoint) => endpointJson(endpoint, lines)),
    clients: clients?.map(clientJson) ?? null,
    chains,
  };
}

function endpointJson(
  { address, pod, nodeName, isUsed, why, place }: ExplainedEndpoint,
  lines: ManifestLines,
) {
  return { address, pod: pod ?? null, node: nodeName, used: isUsed, why, origin: lines.at(place) ?? null };
}

function clientJson({ door, client, packet, outcomes }: ClientOutcomes): unknown {
  return {
    client,
    source: packet.source,
    way: door.way,
    address: door.address,
    port: door.port,
    outcomes: outcomes.map(({ fraction, verdict }) => ({
      fraction: exact(fraction),
      share: formatFraction(fraction),
      ...verdictJson(verdict),
    })),
  };
}
