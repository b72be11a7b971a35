/** Objects for tests of mode userspace. In: Services in short. Out: what `compile` takes. */
import type { SourceObject } from '../../../src/index.ts';

export interface ShortService {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  /** By address type. */
  readonly endpoints?: Readonly<Partial<Record<'IPv4' | 'IPv6', readonly string[]>>>;
  /** Of endpoints. */
  readonly ports?: readonly Readonly<Record<string, unknown>>[];
}

export function source(object: Readonly<Record<string, unknown>>): SourceObject {
  return {
    apiVersion: object.apiVersion as string,
    kind: object.kind as string,
    object,
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  };
}

export function nodeObject(...addresses: readonly string[]): SourceObject {
  return source({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0' },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  });
}

export function serviceObjects({
  name,
  spec,
  status = {},
  endpoints = {},
  ports,
}: ShortService): readonly SourceObject[] {
  const metadata = { namespace: 'prod', name };
  const service = source({ apiVersion: 'v1', kind: 'Service', metadata, spec, status });
  const slices = Object.entries(endpoints).map(([addressType, addresses]) =>
    source({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace: 'prod',
        name: `${name}-${addressType.toLowerCase()}`,
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType,
      ports: ports ?? [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: addresses.map((address) => ({ addresses: [address] })),
    }),
  );
  return [service, ...slices];
}
