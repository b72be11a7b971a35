/** An endpoint that is a node itself. */
import { canonicalIP } from '../../shared/ip.ts';
import type { LintRule } from '../rule.ts';
import { writtenAddresses } from '../written-addresses.ts';

const MANIFEST = (address: string) => `apiVersion: v1
kind: Node
metadata: {name: worker-1}
status:
  addresses: [{type: InternalIP, address: 192.0.2.21}]
---
apiVersion: v1
kind: Service
metadata: {name: agent}
spec:
  ports:
    - port: 10250
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: agent-1
  labels: {kubernetes.io/service-name: agent}
addressType: IPv4
endpoints:
  - addresses:
      - ${address}
ports:
  - port: 10250
`;

export const endpointIsNode: LintRule = {
  id: 'endpoint-is-node',
  title: 'A hand-written endpoint is the address of a node',
  severity: 'note',
  what: "Compares the addresses of hand-written endpoints with all addresses of the input's Nodes.",
  why: "Connections arrive at the node's own processes, such as the kubelet, with another node's address where they are masqueraded: firewalls that let nodes talk to each other let them in, and network policies do not apply (CVE-2021-25740). The address goes with the node",
  mend: 'Run what is to be reached as a Pod with hostNetwork and select it, so that the endpoints follow it; keep others from writing EndpointSlices',
  invalid: [{ title: '192.0.2.21 is worker-1', manifest: MANIFEST('192.0.2.21 # ✗') }],
  valid: [{ title: 'a host that is no node', manifest: MANIFEST('192.0.2.10') }],
  *check(cluster) {
    const nodes = new Map<string, string>();
    for (const { metadata, status } of cluster.admitted.nodes) {
      for (const { address } of status?.addresses ?? [])
        nodes.set(canonicalIP(address) ?? address, metadata.name);
    }
    for (const { ip, namespace, owner, path } of writtenAddresses(cluster)) {
      const node = nodes.get(ip);
      // The API servers list themselves there.
      if (node === undefined || (namespace === 'default' && owner.metadata.name === 'kubernetes')) continue;
      yield { message: `${ip} is Node ${node}`, place: cluster.placeOf(owner, path) };
    }
  },
};
