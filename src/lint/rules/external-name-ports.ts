/** Ports of a Service that is only a name. */
import type { LintRule } from '../rule.ts';

const MANIFEST = (targetPort: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  type: ExternalName
  externalName: db.example.com
  ports:
    - port: 5432
      targetPort: ${targetPort}
`;

export const externalNamePorts: LintRule = {
  id: 'external-name-ports',
  title: 'A Service of type ExternalName maps a port, which nobody does for it',
  severity: 'warning',
  what: 'Looks for Services of type ExternalName with a targetPort that is another number than port. Ports alone are fine: some ingress controllers read them.',
  why: 'Such a Service is a CNAME in the DNS and nothing else: clients connect to the port that they name',
  mend: 'Let clients use the port of the host, or make a Service without a selector and an EndpointSlice',
  invalid: [{ title: 'clients of 5432 are not sent to 6432', manifest: MANIFEST('6432 # ✗') }],
  valid: [{ title: 'both ports are the same', manifest: MANIFEST('5432') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.type !== 'ExternalName') continue;
      for (const [i, { port, targetPort }] of (service.spec.ports ?? []).entries()) {
        if (typeof targetPort !== 'number' || targetPort === port || targetPort === 0) continue;
        yield {
          message: `clients of port ${port} are not sent to ${targetPort}`,
          place: cluster.placeOf(service, ['spec', 'ports', i, 'targetPort']),
        };
      }
    }
  },
};
