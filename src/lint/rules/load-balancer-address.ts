/** Addresses that no load balancer can have. */
import { checkEndpointIP } from '../../apiserver/validation/addresses.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (ip: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports:
    - port: 80
status:
  loadBalancer:
    ingress:
      - ip: ${ip}
`;

export const loadBalancerAddress: LintRule = {
  id: 'load-balancer-address',
  title: "A load balancer's address is loopback, link-local or none",
  severity: 'error',
  what: 'Looks at status.loadBalancer.ingress: addresses that only mean something on one host or one link, the address of cloud metadata 169.254.169.254 among them.',
  why: 'Every node sends what goes to this address to the Service: its own processes that talk to themselves, or to the metadata of the cloud, are intercepted',
  mend: 'Take the status out of the manifest: the controller of the load balancer writes it',
  invalid: [{ title: 'cloud metadata is intercepted', manifest: MANIFEST('169.254.169.254 # ✗') }],
  valid: [{ title: 'an ordinary address', manifest: MANIFEST('203.0.113.7') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      for (const [i, { ip, ipMode }] of (service.status?.loadBalancer?.ingress ?? []).entries()) {
        const fault = ip === undefined || ipMode === 'Proxy' ? undefined : checkEndpointIP(ip);
        if (fault === undefined) continue;
        yield {
          message: `${ip} ${fault}`,
          place: cluster.placeOf(service, ['status', 'loadBalancer', 'ingress', i, 'ip']),
        };
      }
    }
  },
};
