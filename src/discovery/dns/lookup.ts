/**
 * What a cluster has under a name. In: a name of the cluster domain. Out: addresses or external names, each with its port.
 * Mirrors `Records`, `findServices` and `findPods` of the plugin `kubernetes` of CoreDNS 1.15.
 */
import type { DnsConfiguration } from './dns-configuration.ts';
import { type Host, hostOf } from './host.ts';
import { parseQuestion, type ServiceQuestion } from './parse-question.ts';
import type { DnsRecord } from './record.ts';
import { NO_PORT, type ServedCluster, type ServedPort, type ServedService } from './served-cluster.ts';

/** What all answers follow from. */
export interface DnsSource {
  readonly cluster: ServedCluster;
  readonly configuration: DnsConfiguration;
}

export interface Hit {
  readonly host: Host;
  readonly port: number;
  /** The name under which the host itself is found, absolute. */
  readonly name: string;
}

/** The records of an answer; undefined in place of it says that the name does not exist. */
export interface Found {
  readonly answer: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

/**
 * @param name in lower case, absolute
 * @param zone as it was written in the question; names of hits end so
 * @returns undefined where the name does not exist; an empty list where it does and has nothing
 */
export function findHits(source: DnsSource, name: string, zone: string): readonly Hit[] | undefined {
  const question = parseQuestion(name, zone);
  switch (question.kind) {
    case 'invalid':
      return undefined;
    case 'apex':
      return [];
    case 'namespace':
    case 'pod':
    case 'service':
      // The plugin serves reverse zones too, but nothing in them has a name of this kind.
      if (/\.(in-addr|ip6)\.arpa\.$/.test(name)) return undefined;
      if (!source.cluster.namespaces.has(question.namespace)) return undefined;
  }
  switch (question.kind) {
    case 'namespace':
      // With `pods disabled` no name below `pod` exists.
      return name.slice(0, -zone.length - 1).endsWith('.pod') && source.configuration.pods === 'disabled'
        ? undefined
        : [];
    case 'pod':
      return findPods(source, question.namespace, question.label, zone);
    case 'service':
      return findService(source.cluster, question, zone);
  }
}

function findPods(
  { cluster, configuration }: DnsSource,
  namespace: string,
  label: string,
  zone: string,
): readonly Hit[] | undefined {
  if (configuration.pods === 'disabled') return undefined;
  const isIPv4 = label.split('-').length === 4 && !label.includes('--');
  const ip = label.replaceAll('-', isIPv4 ? '.' : ':');
  if (configuration.pods === 'verified' && !cluster.podNamespaces.get(ip)?.has(namespace)) return undefined;
  const host = hostOf(ip);
  if (host.kind === 'CNAME') return undefined;
  return [{ host, port: 0, name: `${label}.${namespace}.pod.${zone}` }];
}

function findService(
  cluster: ServedCluster,
  question: ServiceQuestion,
  zone: string,
): readonly Hit[] | undefined {
  const service = cluster.byName.get(`${question.service}.${question.namespace}`);
  if (service === undefined) return undefined;
  const base = `${service.name}.${service.namespace}.svc.${zone}`;
  const { endpoint, port, protocol } = question;
  if (service.externalName !== undefined) {
    const host = hostOf(service.externalName);
    // A Service that stands for a name has no endpoints and no ports; one that gives an address instead is not served.
    if (endpoint !== '' || port !== '' || protocol !== '' || host.kind !== 'CNAME') return undefined;
    return [{ host, port: 0, name: base }];
  }
  const hits =
    service.headless || endpoint !== ''
      ? endpointHits(cluster, service, question, base)
      : clusterIPHits(service, question, base);
  return hits.length === 0 ? undefined : hits;
}

function endpointHits(
  cluster: ServedCluster,
  service: ServedService,
  question: ServiceQuestion,
  base: string,
): Hit[] {
  const { endpoint } = question;
  const slices = endpoint === '' ? service.slices : (cluster.labelled(service).get(endpoint) ?? []);
  const hits: Hit[] = [];
  for (const { endpoints, ports } of slices) {
    const matching = ports.filter((port) => matches(port, question));
    for (const { host, label } of endpoints) {
      const name = label === '' ? base : `${label}.${base}`;
      for (const { port } of matching) hits.push({ host, port, name });
    }
  }
  return hits;
}

function clusterIPHits(service: ServedService, question: ServiceQuestion, base: string): Hit[] {
  return service.ports
    .filter((port) => matches(port, question))
    .flatMap(({ port }) => service.clusterIPs.map((host) => ({ host, port, name: base })));
}

/** Names of questions are in lower case; those of ports may not be. */
function matches(port: ServedPort, question: ServiceQuestion): boolean {
  return (
    (question.port === '' || question.port === port.name.toLowerCase()) &&
    (question.protocol === '' || question.protocol === port.protocol.toLowerCase())
  );
}

/** Whether a hit can be the target of an SRV record. */
export function hasPort({ port }: Hit): boolean {
  return port !== NO_PORT;
}
