/** Clusters to measure. In: how many Services. Out: the texts of each mode, and the Services that are looked up first and last. */
import { compile, type SourceObject } from '../../src/index.ts';

export const ENDPOINTS = 3;
export const NODE_ADDRESS = '192.168.10.10';
/** Endpoints and clients; packets from here are not masqueraded. */
export const CLUSTER_CIDR = '10.128.0.0/9';
export const SERVICE_PORT = 53;
export const TARGET_PORT = 8080;

export type Mode = 'iptables' | 'ipvs' | 'nftables' | 'userspace';
export const MODES: readonly Mode[] = ['userspace', 'iptables', 'ipvs', 'nftables'];

/** Artifacts by their names. */
export type Texts = ReadonlyMap<string, string>;

export async function compileTexts(mode: Mode, services: number, protocol: 'TCP' | 'UDP'): Promise<Texts> {
  const { compiled, diagnostics } = await compile({
    objects: objects(services, protocol),
    mode,
    node: 'node-0',
    clusterCIDR: CLUSTER_CIDR,
    ...(mode === 'userspace' && { kubeVersion: '1.25' }),
  });
  if (compiled === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return new Map(compiled.artifacts.map(({ name, text }) => [name, [...text()].join('')]));
}

function objects(services: number, protocol: 'TCP' | 'UDP'): SourceObject[] {
  const node = {
    metadata: { name: 'node-0' },
    status: { addresses: [{ type: 'InternalIP', address: NODE_ADDRESS }] },
  };
  return [
    source('v1', 'Node', node),
    ...Array.from({ length: services }, (_, number) => [
      source('v1', 'Service', service(number, protocol)),
      source('discovery.k8s.io/v1', 'EndpointSlice', endpointSlice(number, protocol)),
    ]).flat(),
  ];
}

function source(apiVersion: string, kind: string, object: object): SourceObject {
  return {
    apiVersion,
    kind,
    object: { apiVersion, kind, ...object },
    origin: { file: '', document: 0, path: [] },
  };
}

function service(number: number, protocol: string): object {
  const host = number + 16;
  const clusterIP = `10.96.${host >> 8}.${host & 255}`;
  return {
    metadata: { name: `service-${number}`, namespace: `namespace-${number % 100}` },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ port: SERVICE_PORT, protocol, targetPort: TARGET_PORT }],
    },
  };
}

function endpointSlice(number: number, protocol: string): object {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, endpoint) => {
    const n = number * ENDPOINTS + endpoint;
    return { addresses: [`10.${128 + (n >> 14)}.${(n >> 7) & 127}.${(n & 127) + 1}`] };
  });
  return {
    metadata: {
      name: `service-${number}`,
      namespace: `namespace-${number % 100}`,
      labels: { 'kubernetes.io/service-name': `service-${number}` },
    },
    addressType: 'IPv4',
    ports: [{ port: TARGET_PORT, protocol }],
    endpoints,
  };
}

/** The cluster IPs whose rules iptables comes to first and last. */
export function endsOfWalk(iptables: Texts): { readonly first: string; readonly last: string } {
  const rules = iptables.get('iptables.save') ?? '';
  const found = [...rules.matchAll(/^-A KUBE-SERVICES .*?-d ([0-9.]+)\/32 .*-j KUBE-SVC-/gm)].map(
    (match) => match[1],
  );
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no Service in KUBE-SERVICES');
  return { first, last };
}
