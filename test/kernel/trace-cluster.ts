/**
 * The Services of the node in `trace-network.ts`, one for each way in which kube-proxy treats them. Out: manifests, and
 * the addresses by which each Service can be asked.
 */
import type { Family } from './trace-network.ts';

const REMOTE_PODS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.0.2.1', '10.0.2.2'],
  ipv6: ['fd00:10:2::1', 'fd00:10:2::2'],
};
const LOCAL_PODS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.0.1.1', '10.0.1.2'],
  ipv6: ['fd00:10:1::1', 'fd00:10:1::2'],
};

interface Case {
  readonly name: string;
  /** How many of the Pods of this node, and of the other, are its endpoints. */
  readonly local: number;
  readonly remote: number;
  readonly spec?: object;
}

const AFFINITY = {
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
};
const SOURCE_RANGES = { loadBalancerSourceRanges: ['203.0.113.0/25', 'fd00:203::/113'] };

export const CASES: readonly Case[] = [
  { name: 'cluster', local: 2, remote: 1 },
  { name: 'external-local', local: 1, remote: 1, spec: { externalTrafficPolicy: 'Local' } },
  { name: 'external-local-elsewhere', local: 0, remote: 2, spec: { externalTrafficPolicy: 'Local' } },
  { name: 'internal-local', local: 1, remote: 1, spec: { internalTrafficPolicy: 'Local' } },
  { name: 'internal-local-elsewhere', local: 0, remote: 1, spec: { internalTrafficPolicy: 'Local' } },
  { name: 'source-ranges', local: 1, remote: 0, spec: SOURCE_RANGES },
  { name: 'no-endpoints', local: 0, remote: 0 },
  { name: 'affinity', local: 2, remote: 2, spec: AFFINITY },
];

export interface Address {
  readonly kind: 'cluster IP' | 'external IP' | 'load balancer IP' | 'node port';
  readonly address: string;
  readonly port: number;
}

/** TCP and UDP share the number; the node port of UDP is the next one. */
export function addressesOf(index: number, family: Family, protocol: 'tcp' | 'udp'): readonly Address[] {
  const v4 = family === 'ipv4';
  const nodePort = 30000 + 2 * index + (protocol === 'udp' ? 1 : 0);
  return [
    { kind: 'cluster IP', address: v4 ? `172.30.0.${index + 10}` : `fd00:172::${index + 10}`, port: 80 },
    { kind: 'external IP', address: v4 ? `192.168.99.${index + 10}` : `fd00:99::${index + 10}`, port: 80 },
    { kind: 'load balancer IP', address: v4 ? `1.2.3.${index + 10}` : `fd00:1::${index + 10}`, port: 80 },
    { kind: 'node port', address: v4 ? '192.168.0.2' : 'fd00:192::2', port: nodePort },
  ];
}

/** In the network of Services, and none of theirs. */
export const UNALLOCATED: Readonly<Record<Family, string>> = { ipv4: '172.30.0.250', ipv6: 'fd00:172::250' };

export function manifests(): readonly object[] {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'here' },
    status: { addresses: ['192.168.0.2', 'fd00:192::2'].map((address) => ({ type: 'InternalIP', address })) },
  };
  const cidrs = { cidrs: ['172.30.0.0/16', 'fd00:172::/112'] };
  const networks = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: cidrs,
  };
  return [node, networks, ...CASES.flatMap((each, index) => [service(each, index), ...slices(each)])];
}

function service({ name, spec }: Case, index: number): object {
  const [cluster, external, balancer] = (['ipv4', 'ipv6'] as const)
    .map((family) => addressesOf(index, family, 'tcp'))
    .reduce<string[][]>(
      (sums, addresses) => addresses.map(({ address }, i) => [...(sums[i] ?? []), address]),
      [],
    );
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
      clusterIP: cluster?.[0],
      clusterIPs: cluster,
      externalIPs: external,
      ports: [
        { name: 'tcp', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30000 + 2 * index },
        { name: 'udp', protocol: 'UDP', port: 80, targetPort: 8081, nodePort: 30001 + 2 * index },
      ],
      ...spec,
    },
    status: { loadBalancer: { ingress: balancer?.map((ip) => ({ ip })) } },
  };
}

function slices({ name, local, remote }: Case): readonly object[] {
  return (['ipv4', 'ipv6'] as const).map((family) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${family}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: family === 'ipv4' ? 'IPv4' : 'IPv6',
    ports: [
      { name: 'tcp', protocol: 'TCP', port: 8080 },
      { name: 'udp', protocol: 'UDP', port: 8081 },
    ],
    endpoints: [
      ...LOCAL_PODS[family].slice(0, local).map((address) => ({ addresses: [address], nodeName: 'here' })),
      ...REMOTE_PODS[family].slice(0, remote).map((address) => ({ addresses: [address], nodeName: 'there' })),
    ],
  }));
}
