/**
 * The rules of one service port in mode userspace. In: a service port and where its proxy listens. Out: typed rules by chain.
 * Mirrors kube-proxy 1.25 (and 1.8, by its source).
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import {
  ACCEPT,
  comment,
  type Match,
  type Rule,
  type Target,
  type TransportProtocol,
} from '../iptables-rule.ts';
import type { Portal, ProxiedPort, ProxiedProtocol } from './proxied-port.ts';

/** Where the proxy can be reached on this host. */
export interface ProxyHost {
  readonly family: IPFamily;
  /** The address to which the host's own connections are sent. */
  readonly address: string;
  /** The proxy listens on that address only. */
  readonly isBound: boolean;
}

const TRANSPORT: Readonly<Record<ProxiedProtocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp' };

/** Matches beside destination and port. */
const FROM_OUTSIDE: Match = { kind: 'physdev-is-in', negated: true };
const TO_THIS_HOST: Match = { kind: 'addrtype', side: 'destination' };

/** KUBE-PORTALS-CONTAINER: what comes in from elsewhere, Pods of this node included. */
export function containerPortalRules(port: ProxiedPort, host: ProxyHost): readonly Rule[] {
  const target = toProxyFromElsewhere(port, host);
  return port.portals.flatMap((portal) =>
    portal.external
      ? [
          // -A KUBE-PORTALS-CONTAINER -d 198.51.100.7/32 -p tcp -m comment --comment "default/ext" -m tcp --dport 80 -m physdev ! --physdev-is-in -j REDIRECT --to-ports 10007
          portalRule(port, portal, [FROM_OUTSIDE], target),
          // -A KUBE-PORTALS-CONTAINER -d 198.51.100.7/32 -p tcp -m comment --comment "default/ext" -m tcp --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 10007
          portalRule(port, portal, [TO_THIS_HOST], target),
        ]
      : // -A KUBE-PORTALS-CONTAINER -d 10.96.0.10/32 -p tcp -m comment --comment "prod/web:http" -m tcp --dport 80 -j REDIRECT --to-ports 10007
        [portalRule(port, portal, [], target)],
  );
}

/** KUBE-PORTALS-HOST: what the host itself sends. */
export function hostPortalRules(port: ProxiedPort, host: ProxyHost): readonly Rule[] {
  // -A KUBE-PORTALS-HOST -d 10.96.0.10/32 -p tcp -m comment --comment "prod/web:http" -m tcp --dport 80 -j DNAT --to-destination 192.168.10.10:10007
  // -A KUBE-PORTALS-HOST -d 198.51.100.7/32 -p tcp -m comment --comment "default/ext" -m tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination 192.168.10.10:10007
  return port.portals.map((portal) =>
    portalRule(port, portal, portal.external ? [TO_THIS_HOST] : [], toProxyFromHost(port, host)),
  );
}

/** KUBE-NODEPORT-CONTAINER; nothing without a node port. */
export function containerNodePortRules(port: ProxiedPort, host: ProxyHost): readonly Rule[] {
  // -A KUBE-NODEPORT-CONTAINER -p tcp -m comment --comment "prod/web:http" -m tcp --dport 30080 -j REDIRECT --to-ports 10007
  return port.nodePort === 0 ? [] : [portRule(port, port.nodePort, [], toProxyFromElsewhere(port, host))];
}

/** KUBE-NODEPORT-HOST; nothing without a node port. */
export function hostNodePortRules(port: ProxiedPort, host: ProxyHost): readonly Rule[] {
  // -A KUBE-NODEPORT-HOST -p tcp -m comment --comment "prod/web:http" -m tcp --dport 30080 -j DNAT --to-destination 192.168.10.10:10007
  return port.nodePort === 0 ? [] : [portRule(port, port.nodePort, [], toProxyFromHost(port, host))];
}

/** KUBE-NODEPORT-NON-LOCAL: by then the node port has become the proxy's. */
export function nonLocalRules(port: ProxiedPort): readonly Rule[] {
  if (port.nodePort === 0) return [];
  // -A KUBE-NODEPORT-NON-LOCAL -p tcp -m comment --comment "prod/web:http" -m tcp --dport 10007 -m state --state NEW -j ACCEPT
  return [portRule(port, port.proxyPort, [{ kind: 'state', states: ['NEW'] }], ACCEPT)];
}

function portalRule(port: ProxiedPort, { ip }: Portal, more: readonly Match[], target: Target): Rule {
  return {
    destination: { address: ip },
    ...portRule(port, port.view.servicePort.port, more, target),
  };
}

function portRule(
  { view, protocol }: ProxiedPort,
  destinationPort: number,
  more: readonly Match[],
  target: Target,
): Rule {
  const transport = TRANSPORT[protocol];
  return {
    protocol: transport,
    matches: [
      comment(view.servicePort.name),
      { kind: 'transport', protocol: transport, destinationPort },
      ...more,
    ],
    target,
  };
}

/** The answer must come from the interface's own address, which is why not all is sent to one address. */
function toProxyFromElsewhere(port: ProxiedPort, host: ProxyHost): Target {
  return host.isBound ? toProxyFromHost(port, host) : { kind: 'redirect', toPort: port.proxyPort };
}

function toProxyFromHost({ proxyPort }: ProxiedPort, { family, address }: ProxyHost): Target {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { kind: 'dnat', to: `${host}:${proxyPort}` };
}
