/** Services for mode userspace in the network of `trace-network.ts`. In: a family. Out: objects, and what they are called. */
import type { SourceObject } from '../../src/index.ts';
import { type Family, LINKS } from './trace-network.ts';

export const NODE_ADDRESS: Readonly<Record<Family, string>> = { ipv4: '192.168.0.2', ipv6: 'fd00:192::2' };

/** Addresses that Pods have on this node and on the other. */
export const BACKENDS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.0.1.1', '10.0.1.2', '10.0.2.1'],
  ipv6: ['fd00:10:1::1', 'fd00:10:1::2', 'fd00:10:2::1'],
};

export interface UserspaceService {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  readonly nodePort: number;
  /** 0 without affinity. */
  readonly affinitySeconds: number;
  /** Half: one that answers, one that refuses connections. */
  readonly endpoints: 'all' | 'half' | 'none';
}

function service(name: string, nodePort: number, more: Partial<UserspaceService> = {}): UserspaceService {
  return { name, protocol: 'TCP', port: 80, nodePort, affinitySeconds: 0, endpoints: 'all', ...more };
}

export const WEB = service('web', 30080);
export const STICKY = service('sticky', 30081, { affinitySeconds: 600 });
export const BRIEF = service('brief', 30082, { affinitySeconds: 1 });
export const EMPTY = service('empty', 30083, { endpoints: 'none' });
export const HALF = service('half', 30084, { endpoints: 'half' });
export const STICKY_HALF = service('sticky-half', 30085, { endpoints: 'half', affinitySeconds: 600 });
export const DNS = service('dns', 30053, { protocol: 'UDP', port: 53 });
export const STICKY_DNS = service('sticky-dns', 30054, { protocol: 'UDP', port: 53, affinitySeconds: 600 });

const SERVICES: readonly UserspaceService[] = [WEB, STICKY, BRIEF, EMPTY, HALF, STICKY_HALF, DNS, STICKY_DNS];

export function clusterIPOf(wanted: UserspaceService, family: Family): string {
  const number = 10 + SERVICES.indexOf(wanted);
  return family === 'ipv4' ? `10.96.0.${number}` : `fd00:96::${number}`;
}

/** The source address that a place's connections have. */
export function sourceOf(place: 'pod1' | 'client', family: Family): string {
  return LINKS.find((link) => link.place === place)?.far[family][0] as string;
}

function endpointsOf({ endpoints }: UserspaceService, family: Family): readonly string[] {
  switch (endpoints) {
    case 'all':
      return BACKENDS[family];
    case 'half':
      return [BACKENDS[family][0] as string, NODE_ADDRESS[family]];
    case 'none':
      return [];
  }
}

export function userspaceObjects(family: Family): readonly SourceObject[] {
  const ipFamily = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0' },
    status: { addresses: [{ type: 'InternalIP', address: NODE_ADDRESS[family] }] },
  };
  const services = SERVICES.flatMap((each) => {
    const { name, protocol, port, nodePort, affinitySeconds } = each;
    const clusterIP = clusterIPOf(each, family);
    const affinity = {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: affinitySeconds } },
    };
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace: 'prod', name },
        spec: {
          type: 'NodePort',
          ...(affinitySeconds > 0 ? affinity : {}),
          clusterIP,
          clusterIPs: [clusterIP],
          ipFamilies: [ipFamily],
          ports: [{ protocol, port, nodePort }],
        },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { namespace: 'prod', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
        addressType: ipFamily,
        ports: [{ name: '', protocol, port: protocol === 'TCP' ? 8080 : 8081 }],
        endpoints: endpointsOf(each, family).map((address) => ({ addresses: [address] })),
      },
    ];
  });
  return [node, ...services].map((object) => ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    object,
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  }));
}
