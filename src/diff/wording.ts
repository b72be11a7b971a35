/** How a share, a client and an address are called in a sentence. Pure text for people; whoever prints it makes it safe. */
import type { ServicePortInfo } from '../proxy/service-port.ts';
import { type Fraction, formatFraction, reduceFraction } from '../trace/fraction.ts';
import type { ClientKind, Probe, ServiceAddress } from './probes.ts';

/** `every new connection`, `1 in 3 new connections`, `33.4% of new connections`. */
export function connections(share: Fraction, what = 'new connection'): string {
  const { numerator, denominator } = reduceFraction(share);
  if (numerator === denominator) return `every ${what}`;
  const text = formatFraction(share);
  const [above, below] = text.split('/');
  return below === undefined ? `${text} of ${what}s` : `${above} in ${below} ${what}s`;
}

/** Whether a verb behind `connections` stands in the singular. */
export function isSingular(share: Fraction): boolean {
  return /^(every|1 in) /.test(connections(share));
}

/** `goes` or `go`, and the like. */
export function verb(share: Fraction, singular: string, plural: string): string {
  return isSingular(share) ? singular : plural;
}

/** `prod/web:80`, `node port 30080 of prod/web`, `203.0.113.1:80 of prod/web`. */
export function addressText(
  to: ServiceAddress,
  { namespace, serviceName }: Pick<ServicePortInfo, 'namespace' | 'serviceName'>,
): string {
  const service = `${namespace}/${serviceName}`;
  const host = to.address.includes(':') ? `[${to.address}]` : to.address;
  switch (to.kind) {
    case 'cluster-ip':
      return `${service}:${to.port}`;
    case 'node-port':
      return to.address.startsWith('127.')
        ? `node port ${to.port} of ${service} at 127.0.0.1`
        : `node port ${to.port} of ${service}`;
    case 'external-ip':
      return `external IP ${host}:${to.port} of ${service}`;
    case 'load-balancer':
      return `load-balancer IP ${host}:${to.port} of ${service}`;
    default:
      return to.kind satisfies never;
  }
}

const CLIENTS: Readonly<Record<Exclude<ClientKind, 'range'>, string>> = {
  outside: 'clients outside the cluster',
  pod: 'Pods',
  node: 'the node itself',
  endpoint: 'endpoints that call their own Service',
};

/** ` from Pods and the node itself`; empty where all kinds of clients are concerned. */
export function fromClients(probes: readonly Probe[], all: readonly Probe[]): string {
  const kinds = new Set(probes.map(({ client }) => client.kind));
  const asked = new Set(all.map(({ client }) => client.kind));
  const general = (['outside', 'pod', 'node'] as const).filter((kind) => asked.has(kind));
  if (general.every((kind) => kinds.has(kind)) && general.length > 0) return '';
  const names = general.filter((kind) => kinds.has(kind)).map((kind) => CLIENTS[kind]);
  if (names.length === 0) {
    const networks = new Set(
      probes.map(({ client }) => client.network).filter((network) => network !== undefined),
    );
    if (networks.size > 0) names.push(`clients in ${listed([...networks])}`);
    else if (kinds.has('endpoint')) names.push(CLIENTS.endpoint);
  }
  return names.length === 0 ? '' : ` from ${listed(names)}`;
}

/** `a, b and c`; of many the first few. */
export function listed(items: readonly string[], most = 4): string {
  if (items.length > most) return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 service port is`, `3 service ports are`. */
export function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what} is` : `${count} ${what}s are`;
}
