/** Source objects as tests write them. */
import {
  type Admission,
  type AdmissionOptions,
  admit,
  DEFAULT_ADMISSION_OPTIONS,
} from '../../src/apiserver/admit.ts';
import type { SourceObject } from '../../src/input/source.ts';

export type Manifest = Readonly<Record<string, unknown>>;

export function sourceOf(object: Manifest, document = 1): SourceObject {
  const { apiVersion, kind } = object;
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
    object,
    origin: { file: 'cluster.yaml', document, path: [] },
  };
}

/** Admits manifests in their order, with the default options but for `options`. */
export function admitAll(manifests: readonly Manifest[], options: Partial<AdmissionOptions> = {}): Admission {
  const sources = manifests.map((manifest, i) => sourceOf(manifest, i + 1));
  return admit(sources, { ...DEFAULT_ADMISSION_OPTIONS, ...options });
}

/** `CODE FIELD` of each error. */
export function errorsOf({ diagnostics }: Admission): string[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, field }) => `${code} ${field}`);
}

export function service(name: string, spec: Manifest, metadata: Manifest = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'prod', ...metadata }, spec };
}

export function slice(name: string, fields: Manifest): Manifest {
  const metadata = { name, namespace: 'prod' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints: [],
    ...fields,
  };
}
