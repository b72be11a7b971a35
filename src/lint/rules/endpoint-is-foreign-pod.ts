/** An endpoint that is a Pod of another namespace. */
import { canonicalIP } from '../../shared/ip.ts';
import type { LintRule } from '../rule.ts';
import { writtenAddresses } from '../written-addresses.ts';

const MANIFEST = (address: string) => `apiVersion: v1
kind: Pod
metadata: {name: vault-0, namespace: vault}
spec:
  nodeName: worker-1
  containers: [{name: vault, image: example.com/vault}]
status:
  phase: Running
  podIP: 10.244.1.7
  podIPs: [{ip: 10.244.1.7}]
  conditions: [{type: Ready, status: "True"}]
---
apiVersion: v1
kind: Service
metadata: {name: shortcut, namespace: shop}
spec:
  ports:
    - port: 8200
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: shortcut-1
  namespace: shop
  labels: {kubernetes.io/service-name: shortcut}
addressType: IPv4
endpoints:
  - addresses:
      - ${address}
ports:
  - port: 8200
`;

export const endpointIsForeignPod: LintRule = {
  id: 'endpoint-is-foreign-pod',
  title: 'A hand-written endpoint is a Pod of another namespace, or the API server',
  severity: 'warning',
  what: 'Compares the addresses of hand-written endpoints with those of running Pods in other namespaces, and with the endpoints of Service default/kubernetes.',
  why: 'The Service, and a load balancer or ingress before it, forwards to a place that its namespace may have no right to reach: network policies see the forwarder and not the client (CVE-2021-25740). The address also changes when the Pod is replaced',
  mend: "Use the Service of that namespace by its name, and let that namespace's owner decide who may",
  invalid: [{ title: '10.244.1.7 is Pod vault/vault-0', manifest: MANIFEST('10.244.1.7 # ✗') }],
  valid: [{ title: 'a host outside of the cluster', manifest: MANIFEST('192.0.2.10') }],
  *check(cluster) {
    const pods = new Map<string, { readonly namespace: string; readonly name: string }>();
    for (const { metadata, spec, status } of cluster.admitted.pods) {
      if (spec?.hostNetwork) continue;
      for (const { ip = '' } of status?.podIPs ?? []) pods.set(canonicalIP(ip) ?? ip, metadata);
    }
    const kubernetes = cluster.service('default', 'kubernetes');
    const apiServers = new Set(
      (kubernetes === undefined ? [] : cluster.slicesOf(kubernetes))
        .flatMap(({ endpoints }) => endpoints)
        .flatMap(({ addresses }) => addresses),
    );
    for (const { ip, namespace, owner, path } of writtenAddresses(cluster)) {
      const pod = pods.get(ip);
      const isOwn = owner.metadata.name === 'kubernetes' && namespace === 'default';
      if (pod !== undefined && pod.namespace !== namespace) {
        const message = `${ip} is Pod ${pod.namespace}/${pod.name}`;
        yield { message, place: cluster.placeOf(owner, path) };
      } else if (apiServers.has(ip) && !isOwn) {
        yield { message: `${ip} is the API server`, place: cluster.placeOf(owner, path) };
      }
    }
  },
};
