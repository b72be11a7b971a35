/**
 * Environment variables for service discovery.
 *
 * In: the Services of a cluster and a Pod's namespace. Out: the variables that the kubelet gives to its containers,
 * block by block. Mirrors kubelet 1.37 (pkg/kubelet/envvars). A real container's environment has no order; here blocks
 * are sorted by the Service's name, and within a block stand as the kubelet makes them.
 */
import type { Protocol, Service } from '../../apiserver/objects.ts';
import { compareStrings } from '../../shared/ordering.ts';

export interface ServiceBlock {
  readonly service: Service;
  readonly variables: readonly Variable[];
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** One name that Services set to different values; which one a container gets is left to chance. */
export interface Collision {
  readonly name: string;
  readonly settings: readonly { readonly service: Service; readonly value: string }[];
}

export interface ServiceVariables {
  readonly blocks: readonly ServiceBlock[];
  readonly collisions: readonly Collision[];
  /** Services that were created after the Pod, and so came too late for its environment. */
  readonly younger: readonly Service[];
}

export interface PodEnvironment {
  readonly namespace: string;
  /** False leaves only `kubernetes` of namespace default. */
  readonly enableServiceLinks: boolean;
  /** RFC 3339; Services that are known to be younger are left out. */
  readonly creationTimestamp?: string | undefined;
}

export function serviceVariables(services: readonly Service[], pod: PodEnvironment): ServiceVariables {
  const visible = visibleServices(services, pod);
  const younger = visible.filter((service) => isYounger(service, pod));
  const blocks = visible
    .filter((service) => !younger.includes(service))
    .map((service) => ({ service, variables: blockOf(service) }));
  return { blocks, collisions: collisionsOf(blocks), younger };
}

/** Of the same name, one of the Pod's namespace goes before `kubernetes` of namespace default. */
function visibleServices(services: readonly Service[], pod: PodEnvironment): Service[] {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { namespace, name } = service.metadata;
    const { clusterIP } = service.spec;
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue;
    if (namespace === 'default' && name === 'kubernetes') {
      if (!byName.has(name)) byName.set(name, service);
    } else if (namespace === pod.namespace && pod.enableServiceLinks) byName.set(name, service);
  }
  return [...byName.values()].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
}

function isYounger({ metadata }: Service, { creationTimestamp }: PodEnvironment): boolean {
  if (!metadata.creationTimestamp || !creationTimestamp) return false;
  return Date.parse(metadata.creationTimestamp) > Date.parse(creationTimestamp);
}

function blockOf({ metadata, spec }: Service): Variable[] {
  const prefix = variableName(metadata.name);
  const clusterIP = spec.clusterIP ?? '';
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  const ports = spec.ports ?? [];
  const first = ports[0];
  if (first === undefined) return [];
  const url = (protocol: Protocol, port: number) => `${protocol.toLowerCase()}://${host}:${port}`;
  const variables: Variable[] = [
    { name: `${prefix}_SERVICE_HOST`, value: clusterIP },
    { name: `${prefix}_SERVICE_PORT`, value: `${first.port}` },
  ];
  for (const { name, port } of ports) {
    if (name) variables.push({ name: `${prefix}_SERVICE_PORT_${variableName(name)}`, value: `${port}` });
  }
  // What Docker set for linked containers.
  variables.push({ name: `${prefix}_PORT`, value: url(first.protocol, first.port) });
  for (const { protocol, port } of ports) {
    const link = `${prefix}_PORT_${port}_${protocol}`;
    variables.push(
      { name: link, value: url(protocol, port) },
      { name: `${link}_PROTO`, value: protocol.toLowerCase() },
      { name: `${link}_PORT`, value: `${port}` },
      { name: `${link}_ADDR`, value: clusterIP },
    );
  }
  return variables;
}

/** `redis-master` is `REDIS_MASTER`. Names of Services have no other characters that shells would not take. */
function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function collisionsOf(blocks: readonly ServiceBlock[]): Collision[] {
  const byName = new Map<string, Map<Service, string>>();
  for (const { service, variables } of blocks) {
    for (const { name, value } of variables) {
      const settings = byName.get(name) ?? new Map<Service, string>();
      byName.set(name, settings.set(service, value));
    }
  }
  return [...byName]
    .filter(([, settings]) => new Set(settings.values()).size > 1)
    .map(([name, settings]) => ({
      name,
      settings: [...settings].map(([service, value]) => ({ service, value })),
    }));
}
