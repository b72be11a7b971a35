/** Endpoints that belong to no Service. */
import { quote } from '../../apiserver/fault.ts';
import { SERVICE_NAME_LABEL } from '../../apiserver/labels.ts';
import type { LintRule } from '../rule.ts';

const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

const SERVICE = `apiVersion: v1
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
`;

export const endpointsWithoutService: LintRule = {
  id: 'endpoints-without-service',
  title: 'Endpoints belong to no Service',
  severity: 'warning',
  what: 'Looks for EndpointSlices that name no Service, or, like Endpoints, one that the namespace does not have. Silent where the input has no Services in the namespace, and for Endpoints that hold the lock of a leader election.',
  why: 'kube-proxy finds the endpoints of a Service by its name: nobody uses these',
  mend: 'An EndpointSlice names its Service in the label kubernetes.io/service-name, Endpoints have its name; the namespace is the same',
  invalid: [
    {
      title: 'the slice names no Service',
      manifest: `${SERVICE}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: # ✗
  name: database-2
addressType: IPv4
endpoints:
  - addresses: [192.0.2.11]
ports:
  - port: 5432
`,
    },
    {
      title: 'the slice names a Service that is not there',
      manifest: `${SERVICE}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: database-2
  labels:
    kubernetes.io/service-name: databases # ✗
addressType: IPv4
endpoints:
  - addresses: [192.0.2.11]
ports:
  - port: 5432
`,
    },
  ],
  valid: [{ title: 'the slice names the Service', manifest: SERVICE }],
  *check(cluster) {
    const { services, endpointSlices, endpoints } = cluster.admitted;
    const namespaces = new Set(services.map(({ metadata }) => metadata.namespace));
    const isThere = (namespace: string, name: string) =>
      !namespaces.has(namespace) || cluster.hasService(namespace, name);
    for (const slice of endpointSlices) {
      const { namespace, labels } = slice.metadata;
      const name = labels?.[SERVICE_NAME_LABEL];
      if (name !== undefined && isThere(namespace, name)) continue;
      if (name === undefined && !namespaces.has(namespace)) continue;
      const path = ['metadata', 'labels', SERVICE_NAME_LABEL];
      const message =
        name === undefined
          ? `the label ${SERVICE_NAME_LABEL} is missing`
          : `namespace ${namespace} has no Service ${quote(name)}`;
      yield { message, place: cluster.placeOf(slice, path) };
    }
    for (const each of endpoints) {
      const { namespace, name, annotations } = each.metadata;
      if (isThere(namespace, name) || annotations?.[LEADER_ANNOTATION] !== undefined) continue;
      const message = `namespace ${namespace} has no Service ${quote(name)}`;
      yield { message, place: cluster.placeOf(each, ['metadata', 'name']) };
    }
  },
};
