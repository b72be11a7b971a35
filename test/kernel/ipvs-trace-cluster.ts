/** The cluster of test/kernel/ipvs-trace.test.ts: Services of every kind on a node with two Pods, and virtual servers of others. */

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'worker' },
  spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
  status: {
    addresses: ['172.18.0.2', 'fd00:172:18::2'].map((address) => ({ type: 'InternalIP', address })),
  },
};

export const CONFIGURATION = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'ipvs',
  clusterCIDR: '10.244.0.0/16,fd00:10:244::/48',
};

/** Where the servers of `ipvs-trace-peer.py` are, by their addresses. */
export const SERVERS: Readonly<Record<string, string>> = {
  '10.244.1.5': 'pod1',
  'fd00:10:244:1::5': 'pod1',
  '10.244.1.21': 'pod2',
  'fd00:10:244:1::1:5': 'pod2',
  '10.244.2.5': 'other',
  '172.18.0.2': 'node',
};

/** The node's own address towards each server, which is what a masqueraded client shows. */
export const MASQUERADED: Readonly<Record<string, string>> = {
  '10.244.1.5': '10.244.1.1',
  'fd00:10:244:1::5': 'fd00:10:244:1::1',
  '10.244.1.21': '10.244.1.17',
  'fd00:10:244:1::1:5': 'fd00:10:244:1::1:1',
  '10.244.2.5': '172.18.0.33',
  // Device lo has no address that others may see: the first device's is taken.
  '172.18.0.2': '10.244.1.1',
};

const PODS = ['10.244.1.5', '10.244.1.21'];
const PODS6 = ['fd00:10:244:1::5', 'fd00:10:244:1::1:5'];
const OTHER = '10.244.2.5';

interface Sketch {
  readonly clusterIP: string;
  readonly endpoints: readonly string[];
  readonly spec?: object;
  readonly port?: object;
  /** Addresses of IPv6 as well. */
  readonly six?: { readonly clusterIP: string; readonly endpoints: readonly string[] };
  readonly loadBalancer?: string;
  readonly targetPort?: number;
}

const SKETCHES: Readonly<Record<string, Sketch>> = {
  web: {
    clusterIP: '10.96.0.10',
    endpoints: PODS,
    six: { clusterIP: 'fd00:10:96::10', endpoints: PODS6 },
    spec: { type: 'NodePort', externalIPs: ['192.0.2.50', 'fd00:192::50'] },
    port: { nodePort: 30080 },
  },
  solo: { clusterIP: '10.96.0.11', endpoints: ['10.244.1.5'] },
  local: {
    clusterIP: '10.96.0.12',
    endpoints: ['10.244.1.5', OTHER],
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 },
    port: { nodePort: 30082 },
    loadBalancer: '192.0.2.60',
  },
  elsewhere: {
    clusterIP: '10.96.0.13',
    endpoints: [OTHER],
    spec: { type: 'NodePort', externalTrafficPolicy: 'Local', externalIPs: ['192.0.2.51'] },
    port: { nodePort: 30083 },
  },
  ranges: {
    clusterIP: '10.96.0.14',
    endpoints: ['10.244.1.5'],
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['172.18.0.8/29'] },
    port: { nodePort: 30084 },
    loadBalancer: '192.0.2.70',
  },
  'ranges-node': {
    clusterIP: '10.96.0.15',
    endpoints: ['10.244.1.5'],
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['172.18.0.0/28'] },
    port: { nodePort: 30085 },
    loadBalancer: '192.0.2.71',
  },
  none: {
    clusterIP: '10.96.0.16',
    endpoints: [],
    spec: { type: 'NodePort', externalIPs: ['192.0.2.52'] },
    port: { nodePort: 30086 },
  },
  sticky: {
    clusterIP: '10.96.0.17',
    endpoints: [...PODS, OTHER],
    spec: { type: 'NodePort', sessionAffinity: 'ClientIP' },
    port: { nodePort: 30087 },
  },
  api: { clusterIP: '10.96.0.1', endpoints: ['172.18.0.2'], port: { port: 443 }, targetPort: 6443 },
  inside: {
    clusterIP: '10.96.0.18',
    endpoints: ['10.244.1.21', OTHER],
    spec: { internalTrafficPolicy: 'Local' },
  },
  dns: {
    clusterIP: '10.96.0.19',
    endpoints: PODS,
    port: { port: 53, protocol: 'UDP' },
    targetPort: 5353,
  },
  'inside-none': {
    clusterIP: '10.96.0.20',
    endpoints: [OTHER],
    spec: { internalTrafficPolicy: 'Local' },
  },
};

export function cluster(): object {
  const items = Object.entries(SKETCHES).flatMap(([name, sketch]) => [
    service(name, sketch),
    ...slices(name, sketch),
  ]);
  return { apiVersion: 'v1', kind: 'List', items: [NODE, ...items] };
}

function service(
  name: string,
  { clusterIP, six, spec, port, loadBalancer, targetPort = 8080 }: Sketch,
): object {
  const families = six === undefined ? ['IPv4'] : ['IPv4', 'IPv6'];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      clusterIP,
      clusterIPs: six === undefined ? [clusterIP] : [clusterIP, six.clusterIP],
      ipFamilies: families,
      ipFamilyPolicy: six === undefined ? 'SingleStack' : 'RequireDualStack',
      ports: [{ port: 80, targetPort, ...port }],
      ...spec,
    },
    ...(loadBalancer === undefined
      ? {}
      : { status: { loadBalancer: { ingress: [{ ip: loadBalancer, ipMode: 'VIP' }] } } }),
  };
}

function slices(name: string, { endpoints, six, port, targetPort = 8080 }: Sketch): object[] {
  const { protocol = 'TCP' } = (port ?? {}) as { protocol?: string };
  return [
    { addressType: 'IPv4', addresses: endpoints },
    { addressType: 'IPv6', addresses: six?.endpoints ?? [] },
  ]
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ addressType, addresses }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${addressType.toLowerCase()}`,
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType,
      ports: [{ port: targetPort, protocol }],
      endpoints: addresses.map((address) => ({
        addresses: [address],
        nodeName: address === OTHER ? 'another' : 'worker',
      })),
    }));
}

/** Virtual servers that are not kube-proxy's. */
export const MORE = `#!/bin/sh
set -e
ip address add 198.51.100.1/32 dev kube-ipvs0
ipvsadm -R <<'SERVERS'
-A -t 198.51.100.1:1 -s wrr
-a -t 198.51.100.1:1 -r 10.244.1.5:8080 -m -w 3
-a -t 198.51.100.1:1 -r 10.244.1.21:8080 -m -w 1
-A -t 198.51.100.1:2 -s rr
-a -t 198.51.100.1:2 -r 10.244.1.5:8080 -m -w 5
-a -t 198.51.100.1:2 -r 10.244.1.21:8080 -m -w 1
-a -t 198.51.100.1:2 -r 10.244.2.5:8080 -m -w 0
-A -t 198.51.100.1:3 -s sh
-a -t 198.51.100.1:3 -r 10.244.1.5:8080 -m -w 0
-A -t 198.51.100.1:4 -s fo
-a -t 198.51.100.1:4 -r 10.244.1.5:8080 -m -w 1
-a -t 198.51.100.1:4 -r 10.244.1.21:8080 -m -w 2
-A -t 198.51.100.1:6 -s dh
-a -t 198.51.100.1:6 -r 10.244.1.21:8080 -m -w 1
-A -t 198.51.100.1:7 -s mh
-a -t 198.51.100.1:7 -r 10.244.1.21:8080 -m -w 2
-A -t 198.51.100.1:21 -s rr
-a -t 198.51.100.1:21 -r 10.244.1.5:21 -m -w 1
-A -f 7 -s rr
-a -f 7 -r 10.244.1.21:0 -m -w 1
SERVERS
ip address add 198.51.100.2/32 dev kube-ipvs0
ipvsadm -A -t 198.51.100.2:0 -s rr -p 100
ipvsadm -a -t 198.51.100.2:0 -r 10.244.2.5:0 -m
iptables -t mangle -A PREROUTING -d 198.51.100.3/32 -p tcp -j MARK --set-mark 7
ip address add 198.51.100.3/32 dev kube-ipvs0
`;

/** Who calls, by which protocol, which address and port, and how often. */
export const CALLS: readonly string[] = [
  // Cluster IPs, from everywhere.
  ...['pod1', 'client', 'outsider', 'node'].flatMap((place) => [
    `${place} tcp 10.96.0.10 80 4`,
    `${place} tcp 10.96.0.11 80 2`,
    `${place} tcp 10.96.0.1 443 2`,
    `${place} tcp 10.96.0.16 80 2`,
    `${place} tcp 10.96.0.18 80 2`,
    `${place} tcp 10.96.0.20 80 2`,
    `${place} udp 10.96.0.19 53 4`,
    // Neither a port that no Service has, nor one that the node has open.
    `${place} tcp 10.96.0.10 81 1`,
    `${place} tcp 10.96.0.10 6443 1`,
    // External IPs, node ports and load balancers.
    `${place} tcp 192.0.2.50 80 4`,
    `${place} tcp 192.0.2.51 80 2`,
    `${place} tcp 192.0.2.52 80 2`,
    `${place} tcp 192.0.2.60 80 2`,
    `${place} tcp 192.0.2.70 80 2`,
    `${place} tcp 192.0.2.71 80 2`,
    `${place} tcp 172.18.0.2 30080 4`,
    `${place} tcp 172.18.0.2 30082 2`,
    `${place} tcp 172.18.0.2 30083 2`,
    `${place} tcp 172.18.0.2 30084 2`,
    `${place} tcp 172.18.0.2 30086 2`,
    `${place} tcp 172.18.0.2 30999 1`,
    `${place} tcp 172.18.0.2 32000 1`,
    // Affinity: the second line is asked with what the first one showed.
    `${place} tcp 10.96.0.17 80 1`,
    `${place} tcp 10.96.0.17 80 5`,
    // IPv6.
    `${place} tcp fd00:10:96::10 80 4`,
    `${place} tcp fd00:172:18::2 30080 4`,
    `${place} tcp fd00:192::50 80 4`,
    `${place} tcp fd00:10:96::10 81 1`,
    // Virtual servers of others.
    `${place} tcp 198.51.100.1 1 8`,
    `${place} tcp 198.51.100.1 2 4`,
    `${place} tcp 198.51.100.1 3 2`,
    `${place} tcp 198.51.100.1 4 3`,
    `${place} tcp 198.51.100.1 5 1`,
    `${place} tcp 198.51.100.1 6 2`,
    `${place} tcp 198.51.100.1 7 2`,
    `${place} tcp 198.51.100.1 2000 1`,
    `${place} tcp 198.51.100.2 8080 2`,
    `${place} tcp 198.51.100.2 9 1`,
    `${place} tcp 198.51.100.3 8080 2`,
  ]),
  'node tcp 127.0.0.1 30080 1',
];
