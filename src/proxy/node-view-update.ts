/**
 * Brings a node's view up to date with a cluster in which little has changed.
 *
 * In: the view, the cluster that it was made of, and the cluster now; objects that have not changed are the same objects in
 * both. Out: what `buildNodeView` makes of the cluster now, with the `ServicePortView`s of all other Services taken over, so
 * that later stages see by identity what is new. What it costs depends on what has changed.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { EndpointSlice, IPFamily, Service } from '../apiserver/objects.ts';
import { compareStrings } from '../shared/ordering.ts';
import { difference, lowerBound, replaced } from '../shared/sorted-lists.ts';
import { slicesByService } from './endpoint.ts';
import { identifyNode, type NodeIdentity } from './node-identity.ts';
import {
  addServiceViews,
  buildNodeView,
  byServicePortName,
  cidrsOfServices,
  type FamilyView,
  familyView,
  type NodeView,
  type NodeViewRequest,
} from './node-view.ts';
import { isNotProxied } from './service-port.ts';
import type { ServicePortView } from './service-traffic.ts';

/**
 * @param view of `before`, made with the same `request`
 * @throws OperationalError where the request names a node that the cluster no longer has.
 */
export function updateNodeView(
  view: NodeView,
  before: ClusterState,
  after: ClusterState,
  request: NodeViewRequest,
): NodeView {
  const node = identifyNode(after, request.configuration, request.node);
  if (!isSameNode(node, view.node)) return buildNodeView(after, request);
  const changed = changedServices(before, after);
  const serviceCIDRs = cidrsOfServices(after);
  if (changed.size === 0) {
    const isSame = serviceCIDRs.join() === view.serviceCIDRs.join();
    return isSame ? view : { ...view, serviceCIDRs };
  }
  const services = servicesOf(after.services, changed);
  const slices = slicesOf(after.endpointSlices, changed);
  const update = (family: IPFamily) =>
    updateFamilyView(view.families[family], changed, services, slices, view.node, request);
  return {
    ...view,
    services: after.services,
    serviceCIDRs,
    families: { IPv4: update('IPv4'), IPv6: update('IPv6') },
  };
}

/** What kube-proxy reads of its Node; the rest, such as the time of the last report, changes all the time. */
function isSameNode(a: NodeIdentity, b: NodeIdentity): boolean {
  const essence = ({ node, ...identity }: NodeIdentity) =>
    JSON.stringify([identity, node?.spec?.podCIDR, node?.spec?.podCIDRs]);
  return essence(a) === essence(b);
}

/** `namespace/name` of Services that have changed, or of whose slices one has. */
function changedServices(before: ClusterState, after: ClusterState): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const { metadata } of changes(before.services, after.services)) {
    changed.add(`${metadata.namespace}/${metadata.name}`);
  }
  for (const { metadata } of changes(before.endpointSlices, after.endpointSlices)) {
    const service = metadata.labels?.[SERVICE_NAME_LABEL];
    if (service) changed.add(`${metadata.namespace}/${service}`);
  }
  return changed;
}

function changes<T extends Named>(before: readonly T[], after: readonly T[]): readonly T[] {
  const { removed, added } = difference(before, after, compareNames);
  return [...removed, ...added];
}

interface Named {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

function compareNames({ metadata: a }: Named, { metadata: b }: Named): number {
  return compareStrings(a.namespace, b.namespace) || compareStrings(a.name, b.name);
}

function servicesOf(services: readonly Service[], keys: ReadonlySet<string>): readonly Service[] {
  return [...keys]
    .map((key) => {
      const [namespace = '', name = ''] = key.split('/');
      const at = lowerBound(
        services,
        (service) => compareNames(service, { metadata: { namespace, name } }) < 0,
      );
      const found = services[at];
      return found?.metadata.namespace === namespace && found.metadata.name === name ? found : undefined;
    })
    .filter((service) => service !== undefined);
}

/** Slices have names of their own, so those of a Service are looked for in its namespace. */
function slicesOf(slices: readonly EndpointSlice[], keys: ReadonlySet<string>): readonly EndpointSlice[] {
  const namespaces = new Set([...keys].map((key) => key.slice(0, key.indexOf('/'))));
  const found: EndpointSlice[] = [];
  for (const namespace of namespaces) {
    let at = lowerBound(slices, ({ metadata }) => metadata.namespace < namespace);
    for (let slice = slices[at]; slice?.metadata.namespace === namespace; slice = slices[++at]) {
      if (keys.has(`${namespace}/${slice.metadata.labels?.[SERVICE_NAME_LABEL]}`)) found.push(slice);
    }
  }
  return found;
}

function updateFamilyView(
  view: FamilyView,
  changed: ReadonlySet<string>,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  node: NodeIdentity,
  request: NodeViewRequest,
): FamilyView {
  const made: ServicePortView[] = [];
  const byService = slicesByService(slices, view.family);
  for (const service of services) {
    if (!isNotProxied(service)) addServiceViews(made, service, byService, view.family, node, request);
  }
  const gone = [...changed].flatMap((key) => portsOf(view.servicePorts, key)).sort(byServicePortName);
  if (made.length === 0 && gone.length === 0) return view;
  const ports = replaced(view.servicePorts, gone, made.sort(byServicePortName), byServicePortName);
  return familyView(view.family, ports, node, request);
}

/** Of one Service, by `namespace/name`: the port without a name, and those that have one. */
function portsOf(ports: readonly ServicePortView[], key: string): readonly ServicePortView[] {
  const found: ServicePortView[] = [];
  const unnamed = ports[lowerBound(ports, ({ servicePort }) => servicePort.name < key)];
  if (unnamed?.servicePort.name === key) found.push(unnamed);
  let at = lowerBound(ports, ({ servicePort }) => servicePort.name < `${key}:`);
  for (let port = ports[at]; port?.servicePort.name.startsWith(`${key}:`); port = ports[++at]) {
    found.push(port);
  }
  return found;
}
