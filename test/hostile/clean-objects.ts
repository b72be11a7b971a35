/** A small cluster with every string field that a Service, an EndpointSlice, an Endpoints and a Node can have. */

export interface PlainObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** One place in an object where a string can stand. */
export interface StringField {
  readonly path: readonly (string | number)[];
  /** The string replaces the last step of the path itself: a key of labels, annotations or a selector. */
  readonly isKey: boolean;
  readonly label: string;
  /** How a refusal may name it. */
  readonly names: readonly RegExp[];
}

const OWNER = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'owner', uid: 'owner-uid' };

function metadata(name: string, labels: Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    name,
    namespace: 'prod',
    uid: 'some-uid',
    labels: { app: 'web', ...labels },
    annotations: { 'example.com/note': 'a note' },
    finalizers: ['example.com/finalizer'],
    ownerReferences: [OWNER],
  };
}

const TARGET = { kind: 'Pod', namespace: 'prod', name: 'web-1', uid: 'pod-uid' };

export const CLEAN_OBJECTS: readonly PlainObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
    spec: { podCIDR: '10.180.0.0/24', podCIDRs: ['10.180.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.10.10' }] },
  },
  {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clusterCIDR: '10.180.0.0/16',
    bindAddress: '0.0.0.0',
    hostnameOverride: 'node-0',
    nodePortAddresses: ['192.168.10.0/24'],
    detectLocalMode: 'BridgeInterface',
    detectLocal: { bridgeInterface: 'cbr0', interfaceNamePrefix: 'veth' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('web', {}),
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [
        { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web', nodePort: 30080, appProtocol: 'http' },
        { name: 'dns', protocol: 'UDP', port: 53, targetPort: 5353, nodePort: 30053 },
      ],
      selector: { app: 'web' },
      sessionAffinity: 'ClientIP',
      externalIPs: ['198.51.100.7'],
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      loadBalancerIP: '203.0.113.9',
      loadBalancerClass: 'example.com/lb',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      trafficDistribution: 'PreferClose',
    },
    status: {
      loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode: 'VIP' }, { hostname: 'lb.example.com' }] },
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata('web-1', { 'kubernetes.io/service-name': 'web' }),
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.180.0.5'],
        hostname: 'web-1',
        nodeName: 'node-1',
        zone: 'zone-a',
        hints: { forZones: [{ name: 'zone-a' }], forNodes: [{ name: 'node-0' }] },
        targetRef: TARGET,
        deprecatedTopology: { 'example.com/rack': 'r1' },
      },
    ],
    ports: [
      { name: 'http', protocol: 'TCP', port: 8080, appProtocol: 'http' },
      { name: 'dns', protocol: 'UDP', port: 5353 },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('db', {}),
    spec: { clusterIP: '10.96.0.11', ports: [{ name: 'sql', protocol: 'TCP', port: 3306 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadata('db', {}),
    subsets: [
      {
        addresses: [{ ip: '10.180.1.9', hostname: 'db-0', nodeName: 'node-1', targetRef: TARGET }],
        notReadyAddresses: [{ ip: '10.180.1.10' }],
        ports: [{ name: 'sql', protocol: 'TCP', port: 3306, appProtocol: 'mysql' }],
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('outside', {}),
    spec: { type: 'ExternalName', externalName: 'db.example.com' },
  },
];

/** Maps whose keys are free, so that a hostile string may be a key as well. */
const FREE_KEYS: ReadonlySet<string> = new Set(['labels', 'annotations', 'selector', 'deprecatedTopology']);

/** Every place below the object's kind and apiVersion where a string or a number stands, and every free key. */
export function stringFields(object: PlainObject): StringField[] {
  const fields: StringField[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value === 'string' || typeof value === 'number') fields.push(describeField(path, false));
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, i]);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (FREE_KEYS.has(String(path.at(-1)))) fields.push(describeField([...path, key], true));
        visit(item, [...path, key]);
      }
    }
  };
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  visit(rest, []);
  return fields;
}

function describeField(path: readonly (string | number)[], isKey: boolean): StringField {
  const words = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  const label = `${isKey ? 'key ' : ''}${words.join('').replace(/^\./, '')}`;
  return { path, isKey, label, names: refusalNames(path) };
}

/** A refusal names the field, something within it, or the map or list that it stands in. */
function refusalNames(path: readonly (string | number)[]): RegExp[] {
  const words = path.filter((step): step is string => typeof step === 'string');
  const exact = words.map((word) => escapePattern(word)).join('(\\[\\d+\\])?\\.');
  // The API server itself spells spec.loadBalancerSourceRanges with a capital L.
  const names = [new RegExp(`^${exact}`, 'i')];
  const parent = words.slice(0, -1).map((word) => escapePattern(word));
  if (parent.length > 1) names.push(new RegExp(`^${parent.join('(\\[\\d+\\])?\\.')}(\\[\\d+\\])?$`));
  return names;
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** A copy of the object with one string replaced. */
export function withValue(object: PlainObject, field: StringField, text: string): PlainObject {
  const copy = structuredClone(object) as PlainObject;
  let parent = copy as unknown as Record<string | number, unknown>;
  for (const step of field.path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
  const last = field.path.at(-1) as string | number;
  if (!field.isKey) parent[last] = text;
  else {
    const value = parent[last];
    delete parent[last];
    // Not by assignment: the key may be `__proto__`.
    Object.defineProperty(parent, text, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}
