/**
 * Who serves a zone. In: the addresses of CoreDNS. Out: the names of its Services, with their addresses. Mirrors `nsAddrs` of
 * the plugin `kubernetes` of CoreDNS 1.15.
 */
import { type Host, hostOf } from './host.ts';
import type { DnsSource } from './lookup.ts';
import type { ServedService } from './served-cluster.ts';

export interface NameServer {
  /** Absolute, in the zone. */
  readonly name: string;
  readonly host: Host;
}

/**
 * The Services whose endpoints have CoreDNS's addresses; where there is none, the addresses themselves.
 * @param zone absolute
 */
export function nameServers({ cluster, configuration }: DnsSource, zone: string): NameServer[] {
  const servers = new Map<string, NameServer>();
  let found = false;
  for (const address of configuration.serverAddresses) {
    for (const endpoint of cluster.byEndpointIP.get(address) ?? []) {
      found = true;
      const service = cluster.byName.get(endpoint.service);
      if (service === undefined) continue;
      for (const server of serversOf(service, zone))
        servers.set(`${server.name} ${server.host.text}`, server);
    }
  }
  if (found) return [...servers.values()];
  return configuration.serverAddresses.map((address) => ({
    name: defaultNameServer(zone),
    host: hostOf(address),
  }));
}

function serversOf(service: ServedService, zone: string): NameServer[] {
  const base = `${service.name}.${service.namespace}.svc.${zone}`;
  if (!service.headless) return service.clusterIPs.map((host) => ({ name: base, host }));
  return service.slices.flatMap(({ endpoints }) =>
    endpoints.map(({ host, label }) => ({ name: `${label}.${base}`, host })),
  );
}

export function defaultNameServer(zone: string): string {
  return `ns.dns.${zone}`;
}
