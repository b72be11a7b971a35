/** An endpoint that is the address of a Service. */
import { containsIP, parseCIDR, parseIP } from '../../shared/ip.ts';
import { keyOf, type LintedCluster } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';
import { writtenAddresses } from '../written-addresses.ts';

const MANIFEST = (address: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  clusterIP: 10.96.0.40
  selector: {app: database}
  ports:
    - port: 5432
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec:
  ports:
    - port: 5432
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: alias-1
  labels: {kubernetes.io/service-name: alias}
addressType: IPv4
endpoints:
  - addresses:
      - ${address}
ports:
  - port: 5432
`;

export const endpointIsClusterIP: LintRule = {
  id: 'endpoint-is-cluster-ip',
  title: 'An endpoint is the cluster IP of a Service',
  severity: 'error',
  what: 'Compares the addresses of hand-written endpoints with the cluster IPs that Services of the input ask for, and with the ServiceCIDRs of the input and of --service-cidr.',
  why: 'kube-proxy translates a destination once: a packet that is sent to another cluster IP is not translated again, so the connection goes nowhere',
  mend: "Select the same Pods, use type ExternalName with the Service's name, or write the addresses of the Pods",
  invalid: [{ title: '10.96.0.40 is Service database', manifest: MANIFEST('10.96.0.40 # ✗') }],
  valid: [{ title: 'a host outside of the cluster', manifest: MANIFEST('192.0.2.10') }],
  *check(cluster) {
    const holders = clusterIPs(cluster);
    const cidrs = serviceCIDRs(cluster);
    for (const { ip, owner, path } of writtenAddresses(cluster)) {
      const holder = holders.get(ip);
      const bytes = parseIP(ip);
      const cidr = bytes && cidrs.find((text) => containsIP(parseCIDR(text) ?? NOTHING, bytes));
      if (holder === undefined && cidr === undefined) continue;
      const what =
        holder === undefined ? `of the service CIDR ${cidr}` : `the cluster IP of Service ${holder}`;
      yield { message: `${ip} is ${what}`, place: cluster.placeOf(owner, path) };
    }
  },
};

const NOTHING = { network: new Uint8Array(0), prefixLength: 0 };

/** Those that the input names; a chosen one is of this program and no cluster. */
function clusterIPs(cluster: LintedCluster): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const service of cluster.admitted.services) {
    const { namespace, name } = service.metadata;
    const chosen = new Set(cluster.allocationsOf(namespace, name).map(({ value }) => value));
    for (const ip of service.spec.clusterIPs ?? []) {
      if (ip !== 'None' && !chosen.has(ip)) holders.set(ip, keyOf(service));
    }
  }
  return holders;
}

function serviceCIDRs({ admitted, input }: LintedCluster): readonly string[] {
  const known = admitted.serviceCIDRs.flatMap(({ spec }) => spec?.cidrs ?? []);
  return [...known, ...(input.admission?.serviceCIDRs ?? [])].filter((text) => parseCIDR(text) !== undefined);
}
