/** Addresses that somebody wrote for a Service whose endpoints are its Pods. */
import { isSelecting } from '../../controllers/pod-cluster.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { LintRule } from '../rule.ts';
import { isByHand } from '../written-addresses.ts';

const SLICE = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
endpoints: # ✗
  - addresses: [192.0.2.10]
ports:
  - port: 8080
`;

export const selectorBesideEndpoints: LintRule = {
  id: 'selector-beside-endpoints',
  title: 'A Service with a selector has endpoints written by hand',
  severity: 'warning',
  what: 'Looks for Endpoints and EndpointSlices of a Service that has a selector. Silent for what controllers wrote, as in a dump of a cluster.',
  why: 'A controller fills in the endpoints from Pods: it overwrites a hand-written Endpoints object, so its addresses get no connections, and leaves a hand-written slice beside its own, so connections go to both',
  mend: 'Take the selector out of the Service, or take the hand-written endpoints out',
  invalid: [
    {
      title: 'connections go to the Pods and to 192.0.2.10',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 8080
---
${SLICE}---
${WEB_DEPLOYMENT}`,
    },
  ],
  valid: [
    {
      title: 'without a selector the slice is all there is',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
    - port: 8080
---
${SLICE.replace(' # ✗', '')}`,
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service)) continue;
      const endpoints = cluster.endpointsOf(service);
      if (endpoints !== undefined && isByHand(endpoints, cluster)) {
        yield {
          message: 'the Service has a selector, so a controller overwrites these addresses',
          place: cluster.placeOf(endpoints, ['subsets']),
        };
      }
      for (const slice of cluster.writtenSlicesOf(service)) {
        if (!isByHand(slice, cluster) || slice.endpoints.length === 0) continue;
        yield {
          message: 'the Service has a selector, so these addresses share its connections with its Pods',
          place: cluster.placeOf(slice, ['endpoints']),
        };
      }
    }
  },
};
