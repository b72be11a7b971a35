/**
 * What a service port adds to the chains that all service ports share: KUBE-SERVICES, KUBE-NODEPORTS,
 * KUBE-EXTERNAL-SERVICES and KUBE-PROXY-FIREWALL. Mirrors kube-proxy 1.25 to 1.37.
 */
import type { NodeView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { ACCEPT, comment, DROP, jump, type Match, REJECT, type Rule, type Target } from '../iptables-rule.ts';
import type { PlannedServicePort } from './service-plan.ts';

/** Chain KUBE-SERVICES of table nat: sends what is bound for the service port's addresses to its chains. */
export function captureRules({
  servicePort,
  traffic,
  chains,
  transport,
}: PlannedServicePort): readonly Rule[] {
  const rules: Rule[] = [];
  const capture = (address: string, what: string, chain: string) =>
    rules.push({
      destination: { address },
      protocol: transport,
      matches: [
        comment(`${servicePort.name} ${what}`),
        { kind: 'transport', protocol: transport, destinationPort: servicePort.port },
      ],
      target: jump(chain),
    });
  if (traffic.internal.available) {
    // -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-SVC-…
    const chain = traffic.internal.policy === 'Local' ? chains.localPolicy : chains.clusterPolicy;
    capture(servicePort.clusterIP, 'cluster IP', chain);
  }
  if (traffic.hasEndpoints) {
    // -A KUBE-SERVICES -d 203.0.113.1/32 … "ns/svc:p external IP" … -j KUBE-EXT-…
    for (const ip of servicePort.externalIPs) capture(ip, 'external IP', chains.external);
    // -A KUBE-SERVICES -d 192.0.2.1/32 … "ns/svc:p loadbalancer IP" … -j KUBE-EXT-… or KUBE-FW-…
    const chain = hasFirewall({ servicePort, traffic }) ? chains.firewall : chains.external;
    for (const ip of servicePort.loadBalancerVIPs) capture(ip, 'loadbalancer IP', chain);
  }
  return rules;
}

/** Source ranges need a chain of their own. */
export function hasFirewall({
  servicePort,
  traffic,
}: Pick<ServicePortView, 'servicePort' | 'traffic'>): boolean {
  return (
    traffic.hasEndpoints &&
    servicePort.loadBalancerVIPs.length > 0 &&
    servicePort.loadBalancerSourceRanges.length > 0
  );
}

/** Chain KUBE-NODEPORTS of table nat. Node ports are not subject to source ranges. */
export function nodePortRules(
  { servicePort, traffic, chains, transport }: PlannedServicePort,
  view: NodeView,
  localhostNodePorts: boolean,
): readonly Rule[] {
  if (servicePort.nodePort === 0 || !traffic.hasEndpoints) return [];
  const rules: Rule[] = [];
  const match: Match = { kind: 'transport', protocol: transport, destinationPort: servicePort.nodePort };
  if (view.nfacct && localhostNodePorts) {
    // -A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp … --dport 30080 -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j KUBE-EXT-…
    rules.push({
      destination: { address: '127.0.0.0/8' },
      protocol: transport,
      matches: [comment(servicePort.name), match, { kind: 'nfacct', counter: 'localhost_nps_accepted_pkts' }],
      target: jump(chains.external),
    });
  }
  // -A KUBE-NODEPORTS -p tcp -m comment --comment "ns/svc:p" -m tcp --dport 30080 -j KUBE-EXT-…
  rules.push({
    protocol: transport,
    matches: [comment(servicePort.name), match],
    target: jump(chains.external),
  });
  return rules;
}

/** Chain KUBE-SERVICES of table filter: a cluster IP without endpoints that can be used here. */
export function clusterIPFilterRules(planned: PlannedServicePort): readonly Rule[] {
  const { servicePort, traffic } = planned;
  if (traffic.internal.available) return [];
  // -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "ns/svc:p has no endpoints" -m tcp --dport 80 -j REJECT
  return [unavailable(planned, servicePort.clusterIP)];
}

/** Chain KUBE-EXTERNAL-SERVICES of table filter: the same for addresses that the outside uses. */
export function externalFilterRules(planned: PlannedServicePort, nodePortsAreOpen: boolean): readonly Rule[] {
  const { servicePort, traffic, transport } = planned;
  if (traffic.external.available) return [];
  const rules: Rule[] = [];
  for (const ip of servicePort.externalIPs) rules.push(unavailable(planned, ip));
  for (const ip of servicePort.loadBalancerVIPs) rules.push(unavailable(planned, ip));
  if (servicePort.nodePort !== 0 && nodePortsAreOpen) {
    // -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "ns/svc:p has no endpoints" -m addrtype --dst-type LOCAL
    //    -m tcp --dport 30080 -j REJECT
    const { why, target } = verdict(planned);
    rules.push({
      protocol: transport,
      matches: [
        comment(why),
        { kind: 'addrtype', side: 'destination' },
        { kind: 'transport', protocol: transport, destinationPort: servicePort.nodePort },
      ],
      target,
    });
  }
  return rules;
}

function unavailable(planned: PlannedServicePort, address: string): Rule {
  const { why, target } = verdict(planned);
  return {
    destination: { address },
    protocol: planned.transport,
    matches: [
      comment(why),
      { kind: 'transport', protocol: planned.transport, destinationPort: planned.servicePort.port },
    ],
    target,
  };
}

/** Without any endpoint clients are told; with endpoints on other nodes only, a load balancer should try those. */
function verdict({ servicePort, traffic }: PlannedServicePort): { why: string; target: Target } {
  return traffic.hasEndpoints
    ? { why: `${servicePort.name} has no local endpoints`, target: DROP }
    : { why: `${servicePort.name} has no endpoints`, target: REJECT };
}

/** Chain KUBE-NODEPORTS of table filter: lets the load balancer's health checks in. */
export function healthCheckRules({ servicePort }: ServicePortView): readonly Rule[] {
  if (servicePort.healthCheckNodePort === 0) return [];
  // -A KUBE-NODEPORTS -p tcp -m comment --comment "ns/svc:p health check node port" -m tcp --dport 32000 -j ACCEPT
  return [
    {
      protocol: 'tcp',
      matches: [
        comment(`${servicePort.name} health check node port`),
        { kind: 'transport', protocol: 'tcp', destinationPort: servicePort.healthCheckNodePort },
      ],
      target: ACCEPT,
    },
  ];
}

/** Chain KUBE-PROXY-FIREWALL of table filter: drops what the KUBE-FW chain did not let pass. */
export function firewallFilterRules({
  servicePort,
  traffic,
  chains,
  transport,
}: PlannedServicePort): readonly Rule[] {
  if (!hasFirewall({ servicePort, traffic })) return [];
  // -A KUBE-PROXY-FIREWALL -d 192.0.2.1/32 -p tcp … "ns/svc:p traffic not accepted by KUBE-FW-…" … -j DROP
  return servicePort.loadBalancerVIPs.map((address) => ({
    destination: { address },
    protocol: transport,
    matches: [
      comment(`${servicePort.name} traffic not accepted by ${chains.firewall}`),
      { kind: 'transport', protocol: transport, destinationPort: servicePort.port },
    ],
    target: DROP,
  }));
}
