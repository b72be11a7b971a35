/** The Service that gives a StatefulSet's Pods their names. */
import { quote } from '../../apiserver/fault.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import { placeInSource } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (serviceName: string, clusterIP: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  ${clusterIP}selector: {app: database}
  ports:
    - port: 5432
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: database}
spec:
  serviceName: ${serviceName}
  selector: {matchLabels: {app: database}}
  template:
    metadata: {labels: {app: database}}
    spec:
      containers:
        - name: database
          image: example.com/database
          readinessProbe: {tcpSocket: {port: 5432}}
`;

export const statefulSetService: LintRule = {
  id: 'stateful-set-service',
  title: "A StatefulSet's serviceName is not that of a headless Service that selects its Pods",
  severity: 'warning',
  what: 'Looks up spec.serviceName of each StatefulSet. A warning where that Service selects other Pods; a note where it is not headless, and where the namespace has Services in the input, but not this one: not every program asks for its Pods by name. Silent where serviceName is empty.',
  why: 'Its Pods have the DNS names POD.SERVICE.NAMESPACE only by a headless Service that selects them; others are answered with no such name',
  mend: 'Name a Service with clusterIP: None and the labels of the Pods as its selector',
  invalid: [
    { title: 'there is no such Service', manifest: MANIFEST('databases # ✗', 'clusterIP: None\n  ') },
    { title: 'the Service has a cluster IP', manifest: MANIFEST('database # ✗', '') },
  ],
  valid: [{ title: 'the Service is headless', manifest: MANIFEST('database', 'clusterIP: None\n  ') }],
  *check(cluster) {
    const namespaces = new Set(cluster.admitted.services.map(({ metadata }) => metadata.namespace));
    for (const template of cluster.templates) {
      if (template.owner.kind !== 'StatefulSet') continue;
      const { source, owner } = template;
      const name = (source.object.spec as { serviceName?: unknown }).serviceName;
      if (typeof name !== 'string' || name === '' || !namespaces.has(owner.namespace)) continue;
      const place = placeInSource(source, ['spec', 'serviceName']);
      const service = cluster.service(owner.namespace, name);
      if (service === undefined) {
        if (cluster.hasService(owner.namespace, name)) continue;
        yield {
          severity: 'note',
          message: `namespace ${owner.namespace} has no Service ${quote(name)}`,
          place,
        };
      } else if (!cluster.templatesOf(service).includes(template)) {
        yield { message: `Service ${name} does not select these Pods`, place };
      } else if (!isHeadless(service)) {
        const message = `Service ${name} has a cluster IP, so the Pods have no DNS names of their own`;
        yield { severity: 'note', message, place };
      }
    }
  },
};
