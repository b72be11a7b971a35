/**
 * Service ports as the userspace proxier has them.
 *
 * In: a node's view. Out: for each service port of one IP family its local proxy port, its endpoints, and the addresses
 * ("portals") that lead there. Mirrors kube-proxy 1.25: it proxies one family, the node's primary; it knows neither traffic
 * policies nor topology nor source ranges; and where it meets an address of the other family it stops, so that what stands
 * behind that address in the Service gets no rule.
 */
import type { IPFamily, Protocol, Service } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { isNotProxied } from '../../proxy/service-port.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { canonicalIP } from '../../shared/ip.ts';
import { allocateProxyPorts } from './proxy-ports.ts';

/** Protocols that a proxy in user space speaks. */
export type ProxiedProtocol = Exclude<Protocol, 'SCTP'>;

export interface ProxiedPort {
  readonly view: ServicePortView;
  readonly protocol: ProxiedProtocol;
  /** Where its proxy listens on this host. */
  readonly proxyPort: number;
  readonly portals: readonly Portal[];
  /** 0 where there is none, or its turn does not come. */
  readonly nodePort: number;
  /** The address of the other family at which kube-proxy stops. */
  readonly stoppedAt: string | undefined;
  /** Ready ones, `10.0.0.1:80`, sorted as text. (kube-proxy shuffles them.) */
  readonly endpoints: readonly string[];
}

/** A virtual IP; external ones are for clients from outside only. */
export interface Portal {
  readonly ip: string;
  readonly external: boolean;
}

/**
 * What a node proxies in one family.
 * @throws OperationalError where there are not enough ports
 */
export function proxiedPorts(view: NodeView, family: IPFamily): readonly ProxiedPort[] {
  const services = new Map(
    view.services
      .filter((service) => !isNotProxied(service))
      .map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]),
  );
  const proxyPorts = portsOfAll(view, [...services.values()]);
  const proxied: ProxiedPort[] = [];
  for (const port of view.families[family].servicePorts) {
    const { name, namespace, serviceName, protocol, nodePort } = port.servicePort;
    const service = services.get(`${namespace}/${serviceName}`);
    if (service === undefined || protocol === 'SCTP') continue;
    const { portals, stoppedAt } = portalsOf(service, family);
    proxied.push({
      view: port,
      protocol,
      proxyPort: proxyPorts.get(name) as number,
      portals,
      nodePort: stoppedAt === undefined ? nodePort : 0,
      stoppedAt,
      endpoints: port.endpoints.filter(({ ready }) => ready).map(({ address }) => address),
    });
  }
  return proxied;
}

/** The same ones for both families, so that a Service has one port however a node is reached. */
function portsOfAll(view: NodeView, services: readonly Service[]): ReadonlyMap<string, number> {
  const names = new Set<string>();
  for (const { servicePorts } of [view.families.IPv4, view.families.IPv6]) {
    for (const { servicePort } of servicePorts) {
      if (servicePort.protocol !== 'SCTP') names.add(servicePort.name);
    }
  }
  const nodePorts = services.flatMap(({ spec }) => [
    spec.healthCheckNodePort ?? 0,
    ...(spec.ports ?? []).map((port) => port.nodePort ?? 0),
  ]);
  return allocateProxyPorts([...names], view.configuration.userspace.portRange, nodePorts);
}

/** The Service's addresses in the order in which kube-proxy opens them, each once. */
function portalsOf(
  { spec, status }: Service,
  family: IPFamily,
): { portals: readonly Portal[]; stoppedAt: string | undefined } {
  const wanted = [
    { text: spec.clusterIP, external: false },
    ...(spec.externalIPs ?? []).map((text) => ({ text, external: true })),
    ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ({ text: ip, external: false })),
  ];
  const portals = new Map<string, Portal>();
  for (const { text, external } of wanted) {
    const ip = text ? canonicalIP(text) : undefined;
    if (ip === undefined) continue;
    if (ip.includes(':') !== (family === 'IPv6')) return { portals: [...portals.values()], stoppedAt: ip };
    portals.set(`${ip} ${external}`, { ip, external });
  }
  return { portals: [...portals.values()], stoppedAt: undefined };
}
