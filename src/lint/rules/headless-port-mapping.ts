/** A headless Service whose port is not the one that Pods listen on. */
import type { Service, ServicePort } from '../../apiserver/objects.ts';
import { portNumbers } from '../../controllers/endpoint-slice-ports.ts';
import { isSelecting } from '../../controllers/pod-cluster.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (port: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  selector: {app: web}
  ports:
    - ${port}
      targetPort: 8080
---
${WEB_DEPLOYMENT}`;

export const headlessPortMapping: LintRule = {
  id: 'headless-port-mapping',
  title: 'A headless Service maps a port, which nobody does for it',
  severity: 'warning',
  what: 'Compares port and targetPort of headless Services; named target ports are looked up in the Pods that the selector matches.',
  why: "A headless Service's name resolves to the Pods themselves and kube-proxy has no rules for it: a client that connects to the Service's port finds nothing there",
  mend: 'Set port to the number that the Pods listen on, or give the Service a cluster IP',
  invalid: [{ title: 'clients would have to connect to 8080', manifest: MANIFEST('port: 80 # ✗') }],
  valid: [{ title: 'both ports are the same', manifest: MANIFEST('port: 8080') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service) || !isHeadless(service)) continue;
      for (const [i, port] of (service.spec.ports ?? []).entries()) {
        const number = numberOf(service, port, i, cluster);
        if (number === undefined || number === port.port) continue;
        yield {
          message: `clients of port ${port.port} are not sent to ${number}, on which the Pods listen`,
          place: cluster.placeOf(service, ['spec', 'ports', i, 'port']),
        };
      }
    }
  },
};

/** Undefined where Pods differ, or none is known. */
function numberOf(
  service: Service,
  { targetPort }: ServicePort,
  index: number,
  cluster: LintedCluster,
): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const numbers = new Set(cluster.templatesOf(service).map(({ pod }) => portNumbers(service, pod)[index]));
  return numbers.size === 1 ? [...numbers][0] : undefined;
}
