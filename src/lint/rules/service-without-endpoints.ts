/** A Service that nobody gives endpoints. */
import { hasSelector } from '../../controllers/pod-cluster.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import type { LintRule } from '../rule.ts';

export const serviceWithoutEndpoints: LintRule = {
  id: 'service-without-endpoints',
  title: 'A Service has neither a selector nor endpoints',
  severity: 'warning',
  what: 'Looks for Services without a selector for which the input has no Endpoints and no EndpointSlice. A note for headless Services, which leader elections often fill in. Silent for ExternalName, for default/kubernetes, and where the input has a Kustomization, whose labels can become selectors.',
  why: 'Nobody fills in its endpoints: kube-proxy rejects every connection until somebody writes an EndpointSlice',
  mend: 'Add a selector, or an EndpointSlice with the label kubernetes.io/service-name',
  invalid: [
    {
      title: 'nothing says where the database is',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: database}
spec: # ✗
  ports:
    - port: 5432
`,
    },
  ],
  valid: [
    {
      title: 'an EndpointSlice has its address',
      manifest: `apiVersion: v1
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
`,
    },
  ],
  *check(cluster) {
    if (['Kustomization', 'Component'].some((kind) => cluster.input.passedOver.has(kind))) return;
    for (const service of cluster.admitted.services) {
      const { spec, metadata } = service;
      if (spec.type === 'ExternalName' || hasSelector(service)) continue;
      if (metadata.namespace === 'default' && metadata.name === 'kubernetes') continue;
      if (cluster.endpointsOf(service) || cluster.writtenSlicesOf(service).length > 0) continue;
      yield {
        severity: isHeadless(service) ? 'note' : 'warning',
        message: 'the Service has no selector, and the input has no endpoints for it',
        place: cluster.placeOf(service, ['spec', 'selector']),
      };
    }
  },
};
