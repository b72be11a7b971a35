/** A Service whose endpoints are written twice. */
import { SKIP_MIRROR_LABEL, SLICE_MANAGED_BY_LABEL } from '../../apiserver/labels.ts';
import { isSelecting } from '../../controllers/pod-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (rest: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  ports:
    - port: 5432
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: database-1
  labels: {kubernetes.io/service-name: database}
addressType: IPv4
endpoints:
  - addresses: [192.0.2.10]
ports:
  - port: 5432
---
apiVersion: v1
kind: Endpoints
metadata:
  name: database
  ${rest}`;

const SUBSETS = `subsets:
  - addresses: [{ip: 192.0.2.11}]
    ports: [{port: 5432}]
`;

export const endpointsBesideSlices: LintRule = {
  id: 'endpoints-beside-slices',
  title: 'A Service has both Endpoints and EndpointSlices written by hand',
  severity: 'warning',
  what: 'Looks for Services without a selector that have an Endpoints object and, beside it, slices that do not come from it. Silent where the Endpoints object is not mirrored, by the label endpointslice.kubernetes.io/skip-mirror.',
  why: 'A controller mirrors the Endpoints to slices of its own: connections go to the addresses of both',
  mend: 'Keep the EndpointSlice and take the Endpoints out, or label them endpointslice.kubernetes.io/skip-mirror: "true"',
  invalid: [
    {
      title: 'connections go to 192.0.2.10 and 192.0.2.11',
      manifest: MANIFEST(
        `annotations: {svcrules.dev/ignore.admission: "an old client reads Endpoints"}\n${SUBSETS.replace('subsets:', 'subsets: # ✗')}`,
      ),
    },
  ],
  valid: [
    {
      title: 'the Endpoints are not mirrored',
      manifest: MANIFEST(`labels: {endpointslice.kubernetes.io/skip-mirror: "true"}\n${SUBSETS}`),
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const endpoints = cluster.endpointsOf(service);
      if (endpoints === undefined || isSelecting(service)) continue;
      if (endpoints.metadata.labels?.[SKIP_MIRROR_LABEL] === 'true') continue;
      if ((endpoints.subsets ?? []).length === 0) continue;
      const slices = cluster.writtenSlicesOf(service).filter(({ metadata }) => {
        const writer = metadata.labels?.[SLICE_MANAGED_BY_LABEL] ?? '';
        return !writer.endsWith('.k8s.io');
      });
      const [slice] = slices;
      if (slice === undefined) continue;
      yield {
        message: `EndpointSlice ${slice.metadata.name} has endpoints of the Service, too`,
        place: cluster.placeOf(endpoints, ['subsets']),
      };
    }
  },
};
