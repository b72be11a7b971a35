import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as validators from '../../src/apiserver/generated/validators.js';

const metadata = {
  name: 'web',
  namespace: 'default',
  labels: { app: 'web' },
  creationTimestamp: '2026-01-01T00:00:00Z',
  generation: 1,
};
const SAMPLES = {
  EndpointSlice: {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod' } }],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  },
  Service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http', nodePort: 30080 }] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  },
  Node: {
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: { podCIDRs: ['10.0.0.0/24'] },
    status: {
      capacity: { cpu: '4', memory: 1024 },
      addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
    },
  },
} as const;

const VALIDATORS = {
  EndpointSlice: validators.validateEndpointSlice,
  Service: validators.validateService,
  Node: validators.validateNode,
};

type Container = Record<string, unknown>;

/** Every object and list of a value, itself included. */
function containers(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Container, ...Object.values(value).flatMap(containers)];
}

const NAMES = ['name', 'port', 'spec', 'kind', 'ready', 'extra', '__proto__', 'constructor', '0'];
const VALUES = ['', 'x', 0, 1.5, 2 ** 40, true, null, [], {}, ['x'], { a: 'x' }, '1Gi'];

describe('conforms', () => {
  it.each(
    Object.keys(SAMPLES) as (keyof typeof SAMPLES)[],
  )('holds for a %s, and for nothing that the validator refuses', (kind) => {
    const conforms = validators.conforms[kind] as (data: unknown) => boolean;
    expect(conforms(SAMPLES[kind])).toBe(true);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), fc.constantFrom(...VALUES), (at, key, isOwn, value) => {
        const changed: unknown = structuredClone(SAMPLES[kind]);
        const all = containers(changed);
        const target = all[at % all.length] as Container;
        const names = isOwn && Object.keys(target).length > 0 ? Object.keys(target) : NAMES;
        const name = names[key % names.length] as string;
        Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
        expect(conforms(changed)).toBe(VALIDATORS[kind](changed));
      }),
      { numRuns: 2000 },
    );
  });
});
