/**
 * Nothing that could break out of a rule, a comment or a record passes admission: every string of every object is replaced by
 * hostile ones. Either the object is refused and the field named, or the field is one of those that no rule is made of.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admitAll, type Manifest, service, slice } from './source-objects.ts';

const METADATA = {
  labels: { 'app.kubernetes.io/name': 'web' },
  annotations: { 'example.com/note': 'text' },
  finalizers: ['example.com/hold'],
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1234' }],
};

const OBJECTS: readonly Manifest[] = [
  service(
    'lb',
    {
      type: 'LoadBalancer',
      clusterIP: '10.96.3.4',
      clusterIPs: ['10.96.3.4', 'fd00:10:96::3:4'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP', targetPort: 'web', appProtocol: 'example.com/proto' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      selector: { app: 'web' },
      sessionAffinity: 'ClientIP',
      externalIPs: ['198.51.100.1', '2001:db8::1'],
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      loadBalancerIP: '192.0.2.1',
      loadBalancerClass: 'example.com/class',
      loadBalancerSourceRanges: ['192.0.2.0/24', '2001:db8::/32'],
      trafficDistribution: 'PreferSameZone',
    },
    METADATA,
  ),
  service('alias', { type: 'ExternalName', externalName: 'db.example.com' }),
  service('plain', { clusterIP: 'None', externalName: 'unused.example', selector: { app: 'x' } }),
  {
    ...service('status', { type: 'LoadBalancer', ports: [{ port: 80 }] }),
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'Proxy', hostname: 'lb.example.com' }] } },
  },
  slice('web-4', {
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        nodeName: 'node-1',
        zone: 'z1',
        hostname: 'web-0',
        hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'node-1' }] },
        targetRef: { kind: 'Pod', namespace: 'prod', name: 'web-0', uid: '1' },
      },
    ],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }],
  }),
  slice('web-6', { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] }),
  slice('web-name', { addressType: 'FQDN', endpoints: [{ addresses: ['web.example.com'] }] }),
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'prod' },
    subsets: [
      {
        addresses: [
          { ip: '10.0.0.1', hostname: 'web-0', nodeName: 'node-1', targetRef: { kind: 'Pod', name: 'p' } },
        ],
        notReadyAddresses: [{ ip: '2001:db8::1' }],
        ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24', 'fd00:1::/64'] },
    status: { addresses: [{ type: 'InternalIP', address: '172.18.0.2' }] },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'a' },
    spec: { cidrs: ['10.0.0.0/8'] },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'prod', labels: { app: 'web' } },
    spec: {
      nodeName: 'node-1',
      hostname: 'web-0',
      subdomain: 'web',
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }] }],
    },
    status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }], hostIP: '172.18.0.2' },
  },
];

/** The API server takes any text here, and no rule, record or variable is made of it. */
const FREE_TEXT = [
  /^metadata\.annotations\./,
  /^metadata\.ownerReferences\.\d+\.(apiVersion|kind|name|uid)$/,
  // Names of Pods, for display.
  /\.targetRef\./,
  // Compared with a label of the node, which is validated.
  /^endpoints\.\d+\.zone$/,
  // kube-proxy does not read it.
  /^spec\.loadBalancerIP$/,
  // Read for type ExternalName only, where it is validated.
  /^spec\.externalName$/,
  /^status\.addresses\.\d+\.type$/,
];

const SAFE = /^[-A-Za-z0-9._:/%]*$/;

function stringPaths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => stringPaths(child, [...path, key]));
}

/** Also the keys of labels, annotations and selectors, which stand in paths. */
function replaceAt(
  value: unknown,
  [step, ...rest]: readonly string[],
  text: string,
  replacesKey: boolean,
): unknown {
  if (step === undefined) return text;
  if (Array.isArray(value))
    return value.map((item, i) => (String(i) === step ? replaceAt(item, rest, text, replacesKey) : item));
  const entries = Object.entries(value as object).map(([key, child]) => {
    if (key !== step) return [key, child];
    return replacesKey && rest.length === 0
      ? [text, child]
      : [key, replaceAt(child, rest, text, replacesKey)];
  });
  return Object.fromEntries(entries);
}

const targets = OBJECTS.flatMap((object) =>
  stringPaths(object)
    .filter(([first]) => first !== 'apiVersion' && first !== 'kind')
    .flatMap((path) => {
      const isMap = ['labels', 'annotations', 'selector'].includes(path.at(-2) ?? '');
      return isMap
        ? [
            { object, path, key: true },
            { object, path, key: false },
          ]
        : [{ object, path, key: false }];
    }),
);

const hostile = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r',
    '\0',
    ' ',
    '"',
    "'",
    '\\',
    '`',
    '$',
    ';',
    '|',
    '\t',
    '\u00a0',
    '\u2028',
    '\u202e',
    '\u001b[31m',
  ),
  fc.constantFrom(
    '\n-A INPUT -j DROP',
    '" -j ACCEPT #',
    "' ; reboot",
    '\r\nCOMMIT',
    '$HOME',
    '$(reboot)',
    '--',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).filter((text) => !SAFE.test(text)),
);

describe('hostile strings', () => {
  it('accepts the objects as they are', () => {
    for (const object of OBJECTS)
      expect(admitAll([object]).diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  });

  it('are refused in the field that holds them, or harm nobody', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        hostile,
        fc.constantFrom('before', 'after', 'within', 'alone'),
        ({ object, path, key }, text, position) => {
          const original = key ? (path.at(-1) as string) : valueAt(object, path);
          const middle = Math.floor(original.length / 2);
          const placed = {
            before: text + original,
            after: original + text,
            within: original.slice(0, middle) + text + original.slice(middle),
            alone: text,
          }[position];
          fc.pre(!SAFE.test(placed));
          const held = key ? [...path.slice(0, -1), placed] : path;
          const admission = admitAll([replaceAt(object, path, placed, key) as Manifest]);
          const errors = admission.diagnostics.filter(({ severity }) => severity === 'error');
          const [admitted] = admission.objects;
          if (errors.length === 0) expectHarmless(admitted?.object);
          else
            expect(
              errors.some(({ path: at }) => isNear(at, held)),
              JSON.stringify(errors),
            ).toBe(true);
          for (const { message, field } of admission.diagnostics) {
            expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
            expect(field).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          }
        },
      ),
      { numRuns: 4000 },
    );
  });
});

function valueAt(object: unknown, path: readonly string[]): string {
  return path.reduce((value, step) => (value as Record<string, unknown>)[step], object) as string;
}

/** White space around source ranges is taken off, so that even those are clean. */
function expectHarmless(object: unknown): void {
  for (const path of stringPaths(object)) {
    const name = path.join('.');
    const isAlias =
      (object as { spec?: Manifest }).spec?.type === 'ExternalName' && name === 'spec.externalName';
    if (!isAlias && FREE_TEXT.some((pattern) => pattern.test(name))) continue;
    expect(valueAt(object, path), name).toMatch(SAFE);
    expect(path.slice(0, -1).join('.'), name).toMatch(SAFE);
  }
}

/** Whether a fault lies where the text was put, or in a list or map that holds it. */
function isNear(at: readonly (string | number)[] | undefined, path: readonly string[]): boolean {
  // `clusterIP` and `clusterIPs` are one field to the API server; so are `podIP` and `podIPs`, `podCIDR` and `podCIDRs`.
  const normalize = (step: string | number | undefined) => String(step).replace(/(IP|CIDR)s$/, '$1');
  const steps = at ?? [];
  const shared = Math.min(steps.length, path.length);
  if (steps.length < path.length - 1) return false;
  return steps.slice(0, shared).every((step, i) => normalize(step) === normalize(path[i]));
}
