/** An EndpointSlice holds no more than the API server takes. */
import { describe, expect, it } from 'vitest';
import { admit, DEFAULT_ADMISSION_OPTIONS } from '../../src/apiserver/admit.ts';

function numbered<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
const endpoint = (i: number) => ({ addresses: [address(i)] });

function refusals(fields: object): string[] {
  const object = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'prod' },
    addressType: 'IPv4',
    endpoints: [endpoint(1)],
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
    ...fields,
  };
  const source = { apiVersion: object.apiVersion, kind: object.kind, object };
  const origin = { file: 'a.yaml', document: 1, path: [] };
  const { diagnostics } = admit([{ ...source, origin }], DEFAULT_ADMISSION_OPTIONS);
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, field }) => `${code} ${field}`);
}

describe('an EndpointSlice', () => {
  const ports = (count: number) => numbered(count, (i) => ({ name: `p${i}`, port: 1 + i, protocol: 'TCP' }));
  const zones = (count: number) => numbered(count, (i) => ({ name: `zone-${i}` }));

  it.each([
    ['endpoints', 'endpoints', 1000, (count: number) => ({ endpoints: numbered(count, endpoint) })],
    ['ports', 'ports', 20_000, (count: number) => ({ ports: ports(count) })],
    [
      'addresses of an endpoint',
      'endpoints[0].addresses',
      100,
      (count: number) => ({ endpoints: [{ addresses: numbered(count, address) }] }),
    ],
    [
      'hints of an endpoint',
      'endpoints[0].hints.forZones',
      8,
      (count: number) => ({ endpoints: [{ ...endpoint(1), hints: { forZones: zones(count) } }] }),
    ],
  ])('has a limit of %s', (_, field, most, make) => {
    expect(refusals(make(most))).toEqual([]);
    expect(refusals(make(most + 1))).toEqual([`FieldValueTooMany ${field}`]);
  });
});
