/** Admission as a whole: conflicts between objects, names and namespaces, decoding, order. */
import { describe, expect, it } from 'vitest';
import { admitAll, errorsOf, type Manifest, service, slice } from './source-objects.ts';

const PORTS = [{ port: 80 }];

describe('kinds and versions', () => {
  it.each([
    ['v1beta1', 'Service', 'v1'],
    ['networking.k8s.io/v1', 'Service', 'v1'],
    ['discovery.k8s.io/v1beta1', 'EndpointSlice', 'discovery.k8s.io/v1'],
    ['networking.k8s.io/v1alpha1', 'ServiceCIDR', 'networking.k8s.io/v1'],
  ])('refuses %s %s with one error that names %s', (apiVersion, kind, served) => {
    const admission = admitAll([{ apiVersion, kind, metadata: { name: 'web' }, nonsense: 1 }]);
    expect(errorsOf(admission)).toEqual(['FieldValueNotSupported apiVersion']);
    expect(admission.diagnostics[0]?.message).toContain(`serves it as ${served}`);
  });

  it('passes over what is no object of the API, and kinds of custom resources with the same name', () => {
    const admission = admitAll([
      { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', mode: 'nftables' },
      { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'web' }, spec: {} },
    ]);
    expect(admission.objects).toEqual([]);
    expect(admission.diagnostics).toEqual([]);
  });

  it('names the field that is missing where kind or apiVersion is', () => {
    expect(errorsOf(admitAll([{ metadata: { name: 'a' } }]))).toEqual(['FieldValueRequired kind']);
    expect(errorsOf(admitAll([{ kind: 'Service' }]))).toEqual(['FieldValueRequired apiVersion']);
  });
});

describe('decoding', () => {
  it('takes null for absent, wherever it stands, and leaves the input alone', () => {
    const manifest = {
      ...service('web', { ports: [{ port: 80, name: null, targetPort: null }], selector: null }),
      metadata: { name: 'web', namespace: null, creationTimestamp: null, labels: { app: null } },
      status: null,
    };
    const before = structuredClone(manifest);
    const admission = admitAll([manifest]);
    expect(errorsOf(admission)).toEqual([]);
    expect(manifest).toEqual(before);
    expect(admission.state.services[0]).toMatchObject({
      metadata: { name: 'web', namespace: 'default', labels: { app: '' } },
      spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
    });
  });

  it('guesses the field that was meant', () => {
    const [diagnostic] = admitAll([service('web', { ports: [{ port: 80, targetport: 8080 }] })]).diagnostics;
    expect(diagnostic).toMatchObject({
      code: 'UnknownField',
      field: 'spec.ports[0].targetport',
      path: ['spec', 'ports', 0, 'targetport'],
      message: 'spec.ports[0].targetport is no field of ServicePort',
      mend: 'Did you mean targetPort?',
    });
  });

  it('spells the keys of maps as the API server does', () => {
    const manifest = service('web', { ports: PORTS }, { annotations: { 'example.com/on': true } });
    const [diagnostic] = admitAll([manifest]).diagnostics;
    expect(diagnostic).toMatchObject({
      code: 'FieldValueTypeInvalid',
      field: 'metadata.annotations[example.com/on]',
      message: 'metadata.annotations[example.com/on] must be a string, not true',
      mend: 'Put the value in quotes: annotations are text',
    });
  });

  it('shares endpoints with the input', () => {
    const manifest = slice('web-1', { endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] });
    const { state } = admitAll([manifest]);
    expect(state.endpointSlices[0]?.endpoints).toBe(manifest.endpoints);
    expect(state.endpointSlices[0]?.ports).toEqual([{ name: '', protocol: 'TCP', port: 80 }]);
  });
});

describe('conflicts', () => {
  it.each<[string, Manifest, Manifest, string, string]>([
    [
      'a cluster IP',
      service('a', { clusterIP: 'fd00:10:96::1:2', ports: PORTS }),
      service('b', { clusterIP: 'FD00:10:96:0:0:0:1:2', ports: PORTS }),
      'FieldValueInvalid spec.clusterIPs',
      'prod/a',
    ],
    [
      'a node port, of whichever protocol',
      service('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
      service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080, protocol: 'UDP' }] }),
      'FieldValueInvalid spec.ports[0].nodePort',
      'prod/a',
    ],
    [
      'a health check node port',
      service('a', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30999,
        ports: PORTS,
      }),
      service('b', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30999,
        ports: PORTS,
      }),
      'InternalError spec.healthCheckNodePort',
      'prod/a',
    ],
    [
      'a name',
      service('a', { ports: PORTS }),
      service('a', { ports: PORTS }),
      'AlreadyExists metadata.name',
      '"a"',
    ],
    [
      'a name, whatever else they have in common',
      service('a', { clusterIP: '10.96.1.1', ports: PORTS }),
      service('a', { clusterIP: '10.96.1.1', ports: PORTS }),
      'AlreadyExists metadata.name',
      '"a"',
    ],
  ])('gives %s to one object only', (_, first, second, error, holder) => {
    const admission = admitAll([first, second]);
    expect(errorsOf(admission)).toEqual([error]);
    expect(admission.objects.map(({ accepted }) => accepted)).toEqual([true, false]);
    expect(admission.diagnostics.at(-1)?.message).toContain(holder);
    expect(admission.diagnostics.at(-1)?.origin?.document).toBe(2);
    expect(admission.state.services).toHaveLength(1);
  });

  it('lets what is refused hold nothing', () => {
    const refused = service('Bad', {
      clusterIP: '10.96.1.1',
      type: 'NodePort',
      ports: [{ port: 80, nodePort: 30080 }],
    });
    const accepted = { ...refused, metadata: { name: 'good', namespace: 'prod' } };
    expect(errorsOf(admitAll([refused, accepted]))).toEqual(['FieldValueInvalid metadata.name']);
  });

  it('lets one Service use a number for several protocols, but not for several ports', () => {
    const shared = [
      { name: 'a', port: 53, protocol: 'UDP', nodePort: 30053 },
      { name: 'b', port: 53, protocol: 'TCP', nodePort: 30053 },
    ];
    expect(errorsOf(admitAll([service('dns', { type: 'NodePort', ports: shared })]))).toEqual([]);
    const apart = [shared[0], { name: 'b', port: 54, protocol: 'TCP', nodePort: 30053 }];
    const refused = admitAll([service('dns', { type: 'NodePort', ports: apart })]);
    expect(errorsOf(refused)).toEqual(['FieldValueInvalid spec.ports[1].nodePort']);
  });

  it('refuses a node port outside the range', () => {
    const manifest = service('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 8080 }] });
    const { diagnostics } = admitAll([manifest]);
    expect(diagnostics[0]?.message).toContain('30000-32767');
    expect(errorsOf(admitAll([manifest], { serviceNodePortRange: { first: 8000, last: 9000 } }))).toEqual([]);
  });
});

describe('cluster IPs of other clusters', () => {
  it('accepts addresses outside the service CIDRs, their family taken from the address', () => {
    const { state, diagnostics } = admitAll([
      service('four', { clusterIP: '172.20.3.4', ports: PORTS }),
      service('six', { clusterIP: '2001:db8::4', ports: PORTS }),
    ]);
    expect(diagnostics).toEqual([]);
    expect(state.services.map(({ spec }) => spec.ipFamilies)).toEqual([['IPv4'], ['IPv6']]);
    expect(state.allocations).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '169.254.20.10',
    '224.0.0.1',
    '::1',
    '0.0.0.0',
    '10.96.0.0',
    '10.111.255.255',
  ])('refuses %s, which no Service can have', (clusterIP) => {
    const admission = admitAll([service('web', { clusterIP, ports: PORTS })]);
    expect(errorsOf(admission)).toEqual(['FieldValueInvalid spec.clusterIPs']);
  });

  it('refuses a family that the cluster does not have', () => {
    const options = { serviceCIDRs: ['10.0.0.0/16'] };
    const six = service('six', { clusterIP: '2001:db8::4', ports: PORTS });
    expect(errorsOf(admitAll([six], options))).toEqual(['FieldValueInvalid spec.clusterIPs[0]']);
    const both = service('both', { ipFamilyPolicy: 'RequireDualStack', ports: PORTS });
    expect(errorsOf(admitAll([both], options))).toEqual(['FieldValueInvalid spec.ipFamilyPolicy']);
    const preferred = service('preferred', { ipFamilyPolicy: 'PreferDualStack', ports: PORTS });
    const { state } = admitAll([preferred], options);
    expect(state.services[0]?.spec).toMatchObject({
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'PreferDualStack',
    });
  });
});

describe('options', () => {
  it.each([
    [['10.0.0.0'], 'is no CIDR'],
    [[], 'must be one'],
    [['10.0.0.0/16', '10.1.0.0/16'], 'must be one'],
  ])('refuses the service CIDRs %j', (serviceCIDRs, message) => {
    expect(() => admitAll([], { serviceCIDRs })).toThrow(message);
  });
});

describe('names and namespaces', () => {
  it('puts namespaced objects where they belong and takes the namespace off others', () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', namespace: 'prod' } };
    const web = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: PORTS } };
    const { state } = admitAll([node, web], { namespace: 'team' });
    expect(state.services[0]?.metadata.namespace).toBe('team');
    expect(state.nodes[0]?.metadata).toEqual({ name: 'n1' });
  });

  it('gives the same name each time where there is only the start of one', () => {
    const manifest = service('', { ports: PORTS }, { generateName: 'web-' });
    const once = admitAll([manifest, manifest]).state.services.map(({ metadata }) => metadata.name);
    expect(new Set(once).size).toBe(2);
    for (const name of once) expect(name).toMatch(/^web-[a-z0-9]{5}$/);
    const { state } = admitAll([manifest, manifest]);
    expect(state.services.map(({ metadata }) => metadata.name)).toEqual(once);
    expect(state.allocations.map(({ field }) => field)).toContain('metadata.name');
  });

  it('sorts lists by namespace and name and knows where each object came from', () => {
    const manifests = [service('b', { ports: PORTS }), service('a', { ports: PORTS }, { namespace: 'zoo' })];
    const { state } = admitAll([...manifests, service('a', { ports: PORTS })]);
    const keys = state.services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(keys).toEqual(['prod/a', 'prod/b', 'zoo/a']);
    expect(state.services.map((object) => state.origins.get(object)?.document)).toEqual([3, 1, 2]);
  });
});

describe('warnings', () => {
  it('warns of what has no effect or is deprecated, and only where the object is accepted', () => {
    const headless = {
      clusterIP: 'None',
      externalIPs: ['192.0.2.1'],
      sessionAffinity: 'ClientIP',
      ports: PORTS,
    };
    const fields = ({ diagnostics }: ReturnType<typeof admitAll>) =>
      diagnostics.map(({ severity, code, field }) => `${severity} ${code} ${field}`);
    expect(fields(admitAll([service('web', headless)]))).toEqual([
      'warning Ineffective spec.externalIPs',
      'warning Ineffective spec.sessionAffinity',
    ]);
    expect(fields(admitAll([service('Web', headless)]))).toEqual(['error FieldValueInvalid metadata.name']);
  });

  it('says nothing of Endpoints that a controller keeps', () => {
    const endpoints = (labels: Manifest) => ({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', labels },
    });
    const kept = endpoints({ 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    expect(admitAll([kept]).diagnostics).toEqual([]);
    expect(admitAll([endpoints({})]).diagnostics.map(({ code }) => code)).toEqual(['Deprecated']);
  });
});
