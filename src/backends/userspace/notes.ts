/**
 * What mode userspace cannot do of what a cluster asks for. In: a node's view and what was made of it. Out: notes.
 */
import type { NodeView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import type { Diagnostic } from '../../shared/diagnostic.ts';
import { isLoopbackText, type Portals } from './compile.ts';
import type { Frontend, StandaloneFrontends } from './frontend.ts';

export function portalNotes(view: NodeView, { host, ports }: Portals): readonly Diagnostic[] {
  const other = view.families[host.family === 'IPv4' ? 'IPv6' : 'IPv4'].servicePorts;
  const proxied = new Set(ports.map((port) => port.view.servicePort.name));
  const left = other.filter(
    ({ servicePort: { name, protocol } }) => !proxied.has(name) && protocol !== 'SCTP',
  );
  const stopped = ports.filter(({ stoppedAt }) => stoppedAt !== undefined);
  return [
    ...note(
      'UserspaceProtocol',
      namesOf(sctpPorts(view)),
      (names) => `mode userspace does not proxy SCTP: no rules for ${names}`,
    ),
    ...note(
      'UserspaceFamily',
      namesOf(left),
      (names) => `mode userspace proxies ${host.family} alone, the family of the node: no rules for ${names}`,
    ),
    ...note(
      'UserspaceFamily',
      stopped.map((port) => `${port.view.servicePort.name} (${port.stoppedAt})`),
      (names) =>
        'kube-proxy stops at an address of the other family: no rules for it and for what stands behind it, node ' +
        `ports included, in ${names}`,
    ),
    ...note(
      'UserspaceNodeAddress',
      isLoopbackText(host.address) && ports.length > 0 ? [host.address] : [],
      (names) => `the node's address is not known: the rules send the host's own connections to ${names}`,
      'name it with --node-address',
    ),
  ];
}

export function standaloneNotes(
  view: NodeView,
  { atProxyPort, conflicts }: StandaloneFrontends,
): readonly Diagnostic[] {
  return [
    ...note(
      'UserspaceClusterIP',
      view.services.length > 0 ? ['cluster IPs'] : [],
      (names) => `without kube-proxy's rules ${names} are not reachable; clients use the node's addresses`,
    ),
    ...note(
      'UserspaceProxyPort',
      atProxyPort,
      (names) =>
        `these have no node port and are open to whoever reaches the node, at ports that the configuration names: ${names}`,
    ),
    ...note(
      'UserspaceConflict',
      conflicts,
      (names) => `another Service listens there before: ${names} is left out`,
    ),
    ...note(
      'UserspaceProtocol',
      namesOf(sctpPorts(view)),
      (names) => `neither HAProxy nor nginx proxies SCTP: nothing listens for ${names}`,
    ),
  ];
}

/** What holds for both. */
export function proxyNotes(view: NodeView, frontends: readonly Frontend[]): readonly Diagnostic[] {
  const ports = allPorts(view);
  const withRanges = ports.filter(({ servicePort }) => servicePort.loadBalancerSourceRanges.length > 0);
  const withPolicy = ports.filter(
    ({ servicePort }) => servicePort.internalPolicyLocal || servicePort.externalPolicyLocal,
  );
  return [
    ...note(
      'HAProxyProtocol',
      frontends.filter(({ protocol }) => protocol === 'UDP').map(({ name }) => name),
      (names) => `HAProxy does not proxy UDP: haproxy.cfg leaves out ${names}`,
      'use nginx.conf for them',
    ),
    ...note(
      'UserspaceSourceRanges',
      namesOf(withRanges),
      (names) => `mode userspace does not hold loadBalancerSourceRanges: everybody may connect to ${names}`,
    ),
    ...note(
      'UserspaceTrafficPolicy',
      namesOf(withPolicy),
      (names) => `mode userspace knows no traffic policy Local: all endpoints get traffic of ${names}`,
    ),
  ];
}

const MOST_NAMES = 3;

/** One note for all, with the first of their names; none without names. */
function note(
  code: string,
  names: readonly string[],
  message: (names: string) => string,
  mend?: string,
): readonly Diagnostic[] {
  const different = [...new Set(names)];
  if (different.length === 0) return [];
  const more = different.length - MOST_NAMES;
  const listed = different.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return [{ severity: 'note', code, message: message(listed), ...(mend === undefined ? {} : { mend }) }];
}

function allPorts({ families }: NodeView): readonly ServicePortView[] {
  return [...families.IPv4.servicePorts, ...families.IPv6.servicePorts];
}

function sctpPorts(view: NodeView): readonly ServicePortView[] {
  return allPorts(view).filter(({ servicePort }) => servicePort.protocol === 'SCTP');
}

function namesOf(ports: readonly ServicePortView[]): readonly string[] {
  return ports.map(({ servicePort }) => servicePort.name);
}
