/** Words for a Service. In: an explained Service or a part of it. Out: short texts, not yet made safe for a terminal. */
import type { Service } from '../apiserver/objects.ts';
import type { NodeView } from '../proxy/node-view.ts';
import type { ExplainedPort, ExplainedService } from '../trace/explained-service.ts';
import { formatFraction } from '../trace/fraction.ts';
import type { Outcome } from '../trace/outcome.ts';
import { formatSocket } from '../trace/packet-ends.ts';
import type { ClientOutcomes } from '../trace/service-clients.ts';
import { verdictPhrases } from './trace-phrases.ts';

/** `NodePort, Cluster policy, no affinity` */
export function kindPhrase({ service, unproxied }: ExplainedService): string {
  const { type, internalTrafficPolicy: internal, externalTrafficPolicy: external } = service.spec;
  if (unproxied === 'external-name') return type;
  if (unproxied === 'headless') return 'headless';
  const policies = new Set([internal ?? 'Cluster', external ?? internal ?? 'Cluster']);
  const policy =
    policies.size === 1
      ? `${[...policies][0]} policy`
      : `internal policy ${internal ?? 'Cluster'}, external policy ${external}`;
  return `${type}, ${policy}, ${affinityPhrase(service)}`;
}

function affinityPhrase({ spec }: Service): string {
  if (spec.sessionAffinity !== 'ClientIP') return 'no affinity';
  return `a client stays with its endpoint for ${spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800} s`;
}

/** What kube-proxy has to do with it where it has no rules. */
export function unproxiedPhrase({ service, unproxied }: ExplainedService): string | undefined {
  switch (unproxied) {
    case 'external-name':
      return `DNS answers with the name ${service.spec.externalName}; kube-proxy has no rule for it`;
    case 'headless':
      return 'DNS answers with the addresses of its endpoints; kube-proxy has no rule for it';
    case 'other-proxy': {
      const proxy = service.metadata.labels?.['service.kubernetes.io/service-proxy-name'];
      return `kube-proxy leaves it to the proxy ${JSON.stringify(proxy)}, by the label service.kubernetes.io/service-proxy-name`;
    }
    case undefined:
      return undefined;
    default:
      return unproxied satisfies never;
  }
}

/** Where its endpoints come from. */
export function selectorPhrase({ spec }: Service): string | undefined {
  if (spec.type === 'ExternalName') return undefined;
  const selector = Object.entries(spec.selector ?? {});
  return selector.length === 0
    ? 'no selector: its endpoints are those that somebody writes into EndpointSlices'
    : `selects Pods with ${selector.map(([key, value]) => `${key}=${value}`).join(',')}`;
}

/** `http: 10.96.14.7:80 → 8080`, then `node port 30080 on every address of the node`. */
export function portPhrases(port: ExplainedPort, view: NodeView): readonly string[] {
  const { servicePort } = port.view;
  const { portName, protocol, clusterIP, nodePort, externalIPs, loadBalancerVIPs } = servicePort;
  const name = portName === '' ? '' : `${portName}: `;
  const socket = formatSocket({ address: clusterIP, port: servicePort.port });
  const phrases = [`${name}${socket}${protocol === 'TCP' ? '' : `/${protocol}`} → ${port.targetPort}`];
  if (nodePort !== 0) {
    const { nodePortAddresses } = view.families[port.family];
    const where =
      nodePortAddresses.kind === 'all'
        ? 'every address of the node'
        : nodePortAddresses.addresses.join(', ') || 'no address of the node';
    phrases.push(`node port ${nodePort} on ${where}`);
  }
  if (externalIPs.length > 0) phrases.push(`external IP ${externalIPs.join(', ')}`);
  if (loadBalancerVIPs.length > 0) phrases.push(`load balancer ${loadBalancerVIPs.join(', ')}`);
  return phrases;
}

/** What else a load balancer brings. */
export function loadBalancerPhrases({ service, ports }: ExplainedService): readonly string[] {
  const { spec, status } = service;
  if (spec.type !== 'LoadBalancer') return [];
  const ingress = status?.loadBalancer?.ingress ?? [];
  const phrases: string[] = [];
  if (ingress.length === 0)
    phrases.push('the load balancer has no address yet (status.loadBalancer.ingress)');
  for (const { ip, hostname, ipMode } of ingress) {
    if (ip !== undefined && ipMode === 'Proxy') {
      phrases.push(
        `load balancer ${ip} (ipMode Proxy: it sends on by itself, and nodes have no rule for its address)`,
      );
    }
    if (!ip && hostname !== undefined)
      phrases.push(`load balancer ${hostname} (a name: nodes have no rule for it)`);
  }
  const ranges = ports[0]?.view.servicePort.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    phrases.push(`by the load balancer's address only from ${ranges.join(', ')}; node ports are open to all`);
  }
  const health = ports[0]?.view.servicePort.healthCheckNodePort ?? 0;
  if (health !== 0)
    phrases.push(`health check node port ${health}: tells the load balancer whether this node has endpoints`);
  return phrases;
}

/** `1/2 each`, `all to 10.244.1.8:8080`, `REJECT with icmp-port-unreachable`. */
export function sharesPhrase({ outcomes, packet }: ClientOutcomes, { endpoints }: ExplainedPort): string {
  const known = new Set(endpoints.filter(({ isUsed }) => isUsed).map(({ address }) => address));
  const reached = outcomes.flatMap((outcome) => {
    const address = destinationOf(outcome);
    return address !== undefined && known.has(address) ? [{ outcome, address }] : [];
  });
  if (reached.length < outcomes.length || reached.length === 0) {
    return outcomes
      .map((outcome) => {
        const [what, more] = verdictPhrases(outcome.verdict, packet);
        const share = formatFraction(outcome.fraction);
        return `${share === '1' ? '' : `${share} `}${what}${outcome.verdict.kind === 'cannot-tell' ? `: ${more}` : ''}`;
      })
      .join('; ');
  }
  return `${spread(reached, known.size)}${sourcePhrase(outcomes)}`;
}

interface Reached {
  readonly outcome: Outcome;
  readonly address: string;
}

function spread(reached: readonly Reached[], known: number): string {
  const [first] = reached as readonly [Reached];
  if (reached.length === 1) return `all to ${first.address}`;
  const shares = new Map<string, string[]>();
  for (const { outcome, address } of reached) {
    const share = formatFraction(outcome.fraction);
    const addresses = shares.get(share);
    if (addresses === undefined) shares.set(share, [address]);
    else addresses.push(address);
  }
  if (shares.size === 1 && reached.length === known) return `${[...shares.keys()][0]} each`;
  return [...shares]
    .map(([share, addresses]) => `${share}${addresses.length > 1 ? ' each' : ''} to ${someOf(addresses)}`)
    .join('; ');
}

function someOf(addresses: readonly string[]): string {
  return addresses.length > 6 ? `${addresses.length} endpoints` : addresses.join(', ');
}

function sourcePhrase(outcomes: readonly Outcome[]): string {
  const masqueraded = outcomes.filter(
    ({ verdict }) => verdict.kind === 'delivered' && verdict.source.kind === 'masquerade',
  );
  if (masqueraded.length === 0) return '';
  const some = masqueraded.length < outcomes.length ? ' for some' : '';
  return `, source becomes the node's address${some}`;
}

export function destinationOf({ verdict }: Outcome): string | undefined {
  return verdict.kind === 'delivered' ? formatSocket(verdict.destination) : undefined;
}
