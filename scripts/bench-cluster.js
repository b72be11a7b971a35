/**
 * Makes a cluster of a given size, always the same one.
 * @param {number} services
 * @param {number} endpoints of each Service
 * @returns {string} one JSON List
 */
export function benchCluster(services, endpoints) {
  const items = [];
  for (let n = 0; n < 50; n++) items.push(node(n));
  for (let s = 0; s < services; s++) items.push(service(s), endpointSlice(s, endpoints));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

function node(n) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${n}`, labels: { 'topology.kubernetes.io/zone': `zone-${n % 3}` } },
    spec: { podCIDR: `10.${128 + n}.0.0/16`, podCIDRs: [`10.${128 + n}.0.0/16`] },
    status: { addresses: [{ type: 'InternalIP', address: `192.168.10.${10 + n}` }] },
  };
}

const timestamps = { creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1', generation: 1 };

function uid(n) {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

function service(s) {
  const host = s + 16;
  const clusterIP = `10.${96 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${s}`, namespace: `namespace-${s % 100}`, uid: uid(s), ...timestamps },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { app: `service-${s}` },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  };
}

function endpointSlice(s, count) {
  const endpoints = Array.from({ length: count }, (_, e) => {
    const n = s * count + e;
    return {
      addresses: [`10.${128 + ((n >> 14) % 100)}.${(n >> 7) & 127}.${(n & 127) + 1}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${n % 50}`,
      zone: `zone-${(n % 50) % 3}`,
      targetRef: { kind: 'Pod', namespace: `namespace-${s % 100}`, name: `service-${s}-${e}`, uid: uid(n) },
    };
  });
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `service-${s}-slice`,
      namespace: `namespace-${s % 100}`,
      uid: uid(s),
      ...timestamps,
      labels: {
        'kubernetes.io/service-name': `service-${s}`,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}
