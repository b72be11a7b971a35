/**
 * Everything that a mode's rules follow from, for one node.
 *
 * In: the cluster, with an EndpointSlice for every endpoint; the node; kube-proxy's configuration and release. Out: for
 * each IP family the service ports with the endpoints that they use. Mirrors the half of kube-proxy 1.37 that its modes
 * share.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { EndpointSlice, IPFamily, Service } from '../apiserver/objects.ts';
import { lazily } from '../shared/lazily.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { ProxyConfiguration } from './configuration.ts';
import { endpointsOfServicePort, slicesByService } from './endpoint.ts';
import { type LocalTrafficDetector, localTrafficDetector } from './local-traffic.ts';
import { identifyNode, type NodeIdentity, type NodeSelection } from './node-identity.ts';
import { type NodePortAddresses, selectNodePortAddresses } from './node-port-addresses.ts';
import type { Release } from './release.ts';
import { isNotProxied, servicePorts } from './service-port.ts';
import { type ServicePortView, serviceTraffic } from './service-traffic.ts';

export interface NodeView {
  readonly release: Release;
  readonly node: NodeIdentity;
  readonly configuration: ProxyConfiguration;
  /** The kernel has the nfacct counters that kube-proxy knows. */
  readonly nfacct: boolean;
  readonly families: Readonly<Record<IPFamily, FamilyView>>;
  /** All of the cluster, sorted by namespace and name: for modes that do not look at one family after the other. */
  readonly services: readonly Service[];
  /** How often mode ipvs has synced: from the second time on it finds the addresses that it has bound itself. */
  readonly ipvsSyncs: number;
  /** The CIDRs of all ServiceCIDRs, each once, sorted as text. */
  readonly serviceCIDRs: readonly string[];
}

export interface FamilyView {
  readonly family: IPFamily;
  /** Sorted by ServicePortName. */
  readonly servicePorts: readonly ServicePortView[];
  /** Endpoints of all service ports, those out of use included. */
  readonly endpointCount: number;
  readonly localTraffic: LocalTrafficDetector | undefined;
  readonly nodePortAddresses: NodePortAddresses;
  /** Node ports are open on 127.0.0.0/8 too; always false for IPv6. */
  readonly localhostNodePorts: boolean;
}

export interface NodeViewRequest {
  readonly release: Release;
  readonly configuration: ProxyConfiguration;
  readonly node: NodeSelection;
  readonly nfacct: boolean;
  /** Default: 1. */
  readonly ipvsSyncs?: number | undefined;
}

/** @throws OperationalError where the request names a node that the input lacks. */
export function buildNodeView(state: ClusterState, request: NodeViewRequest): NodeView {
  const { release, configuration } = request;
  const node = identifyNode(state, configuration, request.node);
  return {
    release,
    node,
    configuration,
    nfacct: request.nfacct && release.nfacct,
    ipvsSyncs: request.ipvsSyncs ?? 1,
    // Who prints one family has no use for the other.
    families: lazily(['IPv4', 'IPv6'], (family) => buildFamilyView(state, family, node, request)),
    services: state.services,
    serviceCIDRs: cidrsOfServices(state),
  };
}

export function cidrsOfServices({ serviceCIDRs }: ClusterState): readonly string[] {
  return [...new Set(serviceCIDRs.flatMap(({ spec }) => spec?.cidrs ?? []))].sort(compareStrings);
}

function buildFamilyView(
  state: ClusterState,
  family: IPFamily,
  node: NodeIdentity,
  request: NodeViewRequest,
): FamilyView {
  const slices = slicesByService(state.endpointSlices, family);
  const views: ServicePortView[] = [];
  for (const service of state.services) {
    if (!isNotProxied(service)) addServiceViews(views, service, slices, family, node, request);
  }
  return familyView(family, views.sort(byServicePortName), node, request);
}

/** Adds what one Service has in one family. */
export function addServiceViews(
  views: ServicePortView[],
  service: Service,
  slices: ReadonlyMap<string, readonly EndpointSlice[]>,
  family: IPFamily,
  node: NodeIdentity,
  { configuration, release }: NodeViewRequest,
): void {
  const ports = servicePorts(service, family, node, configuration, release);
  if (ports.length === 0) return;
  const ofService = slices.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
  for (const servicePort of ports) {
    const endpoints = endpointsOfServicePort(servicePort, ofService, node.name, release);
    const traffic = serviceTraffic(servicePort, endpoints, node, release);
    views.push({
      servicePort,
      traffic,
      endpoints,
      endpointCount: endpoints.length,
      endpointsOnNode: endpoints.filter((endpoint) => endpoint.local),
    });
  }
}

export function byServicePortName(a: ServicePortView, b: ServicePortView): number {
  return compareStrings(a.servicePort.name, b.servicePort.name);
}

/** @param views sorted by ServicePortName */
export function familyView(
  family: IPFamily,
  views: readonly ServicePortView[],
  node: NodeIdentity,
  { configuration, release }: NodeViewRequest,
): FamilyView {
  const selection = selectNodePortAddresses(configuration.nodePortAddresses, node, family);
  const localhostOption = !release.localhostNodePortsOption || configuration.iptables.localhostNodePorts;
  let endpointCount = 0;
  for (const view of views) endpointCount += view.endpointCount;
  return {
    family,
    servicePorts: views,
    endpointCount,
    localTraffic: localTrafficDetector(configuration, node, family),
    nodePortAddresses: selection.addresses,
    localhostNodePorts: localhostOption && selection.containsIPv4Loopback,
  };
}
