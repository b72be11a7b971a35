/** A Service of two IP families with endpoints of one. */
import { isSelecting } from '../../controllers/pod-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (policy: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  ipFamilyPolicy: ${policy}
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
`;

export const dualStackEndpoints: LintRule = {
  id: 'dual-stack-endpoints',
  title: 'A dual-stack Service has endpoints of one IP family only',
  severity: 'warning',
  what: 'Looks for Services with addresses of both families whose endpoints, hand-written or of running Pods, are all of one.',
  why: 'kube-proxy never translates from one family to the other: it rejects connections to the address of the other family, and clients that try it first wait or fail',
  mend: 'Add endpoints of the other family, or make the Service ipFamilyPolicy: SingleStack',
  invalid: [{ title: 'nothing is behind the IPv6 address', manifest: MANIFEST('RequireDualStack # ✗') }],
  valid: [{ title: 'the Service is of one family', manifest: MANIFEST('SingleStack') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const { ipFamilies = [], clusterIP, type } = service.spec;
      if (ipFamilies.length < 2 || clusterIP === 'None' || type === 'ExternalName') continue;
      // Endpoints of a dump hold the first family only; the slices that it lacks hold the other.
      const isWhole =
        !isSelecting(service) ||
        cluster.admitted.pods.length > 0 ||
        cluster.writtenSlicesOf(service).length > 0;
      if (!isWhole) continue;
      const filled = cluster.slicesOf(service).filter(({ endpoints }) => endpoints.length > 0);
      const families = new Set(filled.map(({ addressType }) => addressType));
      const missing = ipFamilies.find((family) => !families.has(family));
      if (missing === undefined || !ipFamilies.some((family) => families.has(family))) continue;
      yield {
        message: `the Service has an ${missing} address, but no ${missing} endpoints`,
        place: cluster.placeOf(service, ['spec', 'ipFamilyPolicy']),
      };
    }
  },
};
