/**
 * What a proxy in user space has to listen to.
 *
 * In: the service ports of a node. Out: a frontend for each: where it listens, and to which endpoints it passes connections
 * on. Behind kube-proxy's rules that is the local proxy port. Without them (`--no-portals`) nothing sends cluster IPs to the
 * node, so the proxy listens where clients reach the node itself.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import type { Portals } from './compile.ts';
import { type ProxiedPort, type ProxiedProtocol, proxiedPorts } from './proxied-port.ts';

export interface Frontend {
  /** ServicePortName. */
  readonly name: string;
  readonly family: IPFamily;
  readonly protocol: ProxiedProtocol;
  readonly listeners: readonly Listener[];
  /** What leads here: `TCP 10.96.0.10:80, node port 30080`. */
  readonly origin: string;
  readonly endpoints: readonly string[];
  /** Seconds of `ClientIP` affinity; 0 without affinity. */
  readonly affinitySeconds: number;
}

export interface Listener {
  /** `0.0.0.0` or `::` for every address of the family. */
  readonly address: string;
  readonly port: number;
}

const ANY: Readonly<Record<IPFamily, string>> = { IPv4: '0.0.0.0', IPv6: '::' };

/** Behind kube-proxy's rules. */
export function portalFrontends({ ports, host: { family, address, isBound } }: Portals): readonly Frontend[] {
  return ports
    .filter(({ portals }) => portals.length > 0)
    .map((port) => {
      const { port: servicePort } = port.view.servicePort;
      const places = port.portals.map(({ ip }) => placeText({ address: ip, port: servicePort }));
      if (port.nodePort !== 0) places.push(`node port ${port.nodePort}`);
      const origin = `${port.protocol} ${[...new Set(places)].join(', ')}`;
      const listener = { address: isBound ? address : ANY[family], port: port.proxyPort };
      return frontend(port, family, [listener], origin);
    });
}

export interface StandaloneFrontends {
  readonly frontends: readonly Frontend[];
  /** ServicePortNames that are reached at their proxy port only. */
  readonly atProxyPort: readonly string[];
  /** Places that another service port has taken before: `default/b at 192.0.2.1:80`. */
  readonly conflicts: readonly string[];
}

/** Without rules: at the node port, at external addresses that the host has, else at the proxy port. */
export function standaloneFrontends(view: NodeView): StandaloneFrontends {
  const taken = new Set<string>();
  const frontends: Frontend[] = [];
  const atProxyPort = new Set<string>();
  const conflicts: string[] = [];
  for (const family of familiesOf(view)) {
    for (const port of proxiedPorts(view, family)) {
      const { name } = port.view.servicePort;
      const wanted = standaloneListeners(port, view, family);
      const listeners = wanted.filter((listener) => {
        const key = `${port.protocol} ${placeText(listener)}`;
        if (!taken.has(key)) return taken.add(key);
        conflicts.push(`${name} at ${placeText(listener)}`);
        return false;
      });
      if (listeners.length === 0) continue;
      if (listeners.every((listener) => listener.port === port.proxyPort)) atProxyPort.add(name);
      const origin = `${port.protocol} port ${port.view.servicePort.port}`;
      frontends.push(frontend(port, family, listeners, origin));
    }
  }
  return { frontends, atProxyPort: [...atProxyPort], conflicts };
}

function familiesOf({ node }: NodeView): readonly IPFamily[] {
  return node.primaryFamily === 'IPv4' ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
}

function standaloneListeners(port: ProxiedPort, view: NodeView, family: IPFamily): readonly Listener[] {
  const { servicePort } = port.view;
  const own = new Set(view.node.interfaceAddresses);
  const external = new Set([...servicePort.externalIPs, ...servicePort.loadBalancerVIPs]);
  const atExternal = [...external]
    .filter((address) => own.has(address))
    .map((address) => ({ address, port: servicePort.port }));
  // Not `port.nodePort`: where no rules are made, no address of the other family stops them.
  if (servicePort.nodePort !== 0) {
    return [...nodeListeners(view, family, servicePort.nodePort), ...atExternal];
  }
  return atExternal.length > 0 ? atExternal : nodeListeners(view, family, port.proxyPort);
}

function nodeListeners(view: NodeView, family: IPFamily, port: number): readonly Listener[] {
  const { nodePortAddresses } = view.families[family];
  const addresses = nodePortAddresses.kind === 'all' ? [ANY[family]] : nodePortAddresses.addresses;
  return addresses.map((address) => ({ address, port }));
}

function frontend(
  { view: { servicePort }, protocol, endpoints }: ProxiedPort,
  family: IPFamily,
  listeners: readonly Listener[],
  origin: string,
): Frontend {
  const { name, affinitySeconds } = servicePort;
  return { name, family, protocol, listeners, origin, endpoints, affinitySeconds };
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function placeText({ address, port }: Listener): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
