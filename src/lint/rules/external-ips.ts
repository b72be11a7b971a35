/** Addresses that anybody who may write a Service can take. */
import type { LintRule } from '../rule.ts';

const MANIFEST = (more: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ${more}selector: {app: web}
  ports:
    - port: 80
`;

export const externalIPs: LintRule = {
  id: 'external-ips',
  title: 'A Service takes external IPs',
  severity: 'warning',
  what: 'Looks for spec.externalIPs on Services that kube-proxy has rules for.',
  why: 'Every node sends what goes to such an address to the Service, whoever the address belongs to: who may write Services can intercept the traffic of others (CVE-2020-8554). From 1.36 on externalIPs is deprecated, and some clusters do not implement it',
  mend: 'Use type LoadBalancer, or a Gateway; where the addresses are yours, keep others from the field by a policy',
  invalid: [
    {
      title: 'every node intercepts 203.0.113.7',
      manifest: MANIFEST('externalIPs: [203.0.113.7] # ✗\n  '),
    },
  ],
  valid: [{ title: 'the load balancer gives the address', manifest: MANIFEST('type: LoadBalancer\n  ') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const { externalIPs: addresses = [], type, clusterIP } = service.spec;
      if (addresses.length === 0 || type === 'ExternalName' || clusterIP === 'None') continue;
      yield {
        message: `nodes send what goes to ${addresses.slice(0, 3).join(', ')} to this Service`,
        place: cluster.placeOf(service, ['spec', 'externalIPs']),
      };
    }
  },
};
