/** One address and port that two Services have. */
import type { Service } from '../../apiserver/objects.ts';
import type { FieldPath } from '../../shared/diagnostic.ts';
import { canonicalIP } from '../../shared/ip.ts';
import { keyOf } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const SERVICE = (name: string, port: string) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  annotations: {svcrules.dev/ignore.external-ips: "the address is routed to our nodes"}
spec:
  selector: {app: ${name}}
  externalIPs:
    - ${port}
  ports:
    - port: 80
`;

export const externalAddressClash: LintRule = {
  id: 'external-address-clash',
  title: 'Two Services have the same external address and port',
  severity: 'error',
  what: 'Compares external IPs, and addresses that load balancers have given, with port and protocol over all Services.',
  why: 'Only one of the two can get the connections: which one depends on the mode of kube-proxy and on the order of its rules',
  mend: 'Give one of the two another address or another port',
  invalid: [
    {
      title: 'both want 203.0.113.7:80',
      manifest: `${SERVICE('shop', '203.0.113.7')}---\n${SERVICE('web', '203.0.113.7 # ✗')}`,
    },
  ],
  valid: [
    {
      title: 'the addresses differ',
      manifest: `${SERVICE('shop', '203.0.113.7')}---\n${SERVICE('web', '203.0.113.8')}`,
    },
  ],
  *check(cluster) {
    const holders = new Map<string, string>();
    for (const service of cluster.admitted.services) {
      for (const { ip, path } of externalAddresses(service)) {
        for (const { port, protocol } of service.spec.ports ?? []) {
          const key = `${ip} ${port}/${protocol}`;
          const holder = holders.get(key);
          holders.set(key, holder ?? keyOf(service));
          if (holder === undefined || holder === keyOf(service)) continue;
          yield {
            message: `${ip} port ${port}/${protocol} belongs to Service ${holder}, too`,
            place: cluster.placeOf(service, path),
          };
          break;
        }
      }
    }
  },
};

function externalAddresses({ spec, status }: Service): readonly { ip: string; path: FieldPath }[] {
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return [];
  const external = (spec.externalIPs ?? []).map((ip, i) => ({ ip, path: ['spec', 'externalIPs', i] }));
  const given = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }, i) =>
    ip === undefined || ipMode === 'Proxy'
      ? []
      : [{ ip, path: ['status', 'loadBalancer', 'ingress', i, 'ip'] }],
  );
  return [...external, ...given].map(({ ip, path }) => ({ ip: canonicalIP(ip) ?? ip, path }));
}
