/** Nodes that drop what comes in from outside. */
import type { Service } from '../../apiserver/objects.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import { exampleOnNode, formatNodes, localEndpoints } from '../local-endpoints.ts';
import type { LintRule } from '../rule.ts';

const SERVICE = (policy: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  externalTrafficPolicy: ${policy}
  ports:
    - port: 8080
---
`;

export const externalTrafficPolicyLocal: LintRule = {
  id: 'external-traffic-policy-local',
  title: 'Nodes without an endpoint drop traffic from outside',
  severity: 'error',
  what: 'For externalTrafficPolicy: Local, compares the Nodes of the input with the nodes of the endpoints. An error where no endpoint is on any node, a warning where a node port or an external IP is of no use on some. Silent for load balancers where some node has an endpoint: they ask the health-check node port.',
  why: 'With policy Local kube-proxy uses only endpoints on its own node, and drops the packets where it has none',
  mend: 'Run a Pod on every node that gets the traffic (a DaemonSet), name nodeName in hand-written endpoints, or use policy Cluster',
  invalid: [
    {
      title: 'worker-2 has no endpoint',
      manifest: `${SERVICE('Local # ✗')}${exampleOnNode('worker-1')}`,
    },
  ],
  valid: [
    { title: 'both nodes have one', manifest: `${SERVICE('Local')}${exampleOnNode('worker-2')}` },
    {
      title: 'policy Cluster sends on to other nodes',
      manifest: `${SERVICE('Cluster')}${exampleOnNode('worker-1')}`,
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.externalTrafficPolicy !== 'Local') continue;
      const fault = judge(service, cluster);
      if (fault !== undefined) yield fault;
    }
  },
};

function judge(service: Service, cluster: LintedCluster): Fault | undefined {
  const place = cluster.placeOf(service, ['spec', 'externalTrafficPolicy']);
  const local = localEndpoints(service, cluster);
  switch (local.kind) {
    case 'unknown':
    case 'everywhere':
      return undefined;
    case 'nowhere':
      return { message: 'no endpoint says on which node it is, so every node drops the traffic', place };
    case 'not-on': {
      const nodes = formatNodes(local.nodes, local.of);
      if (local.nodes.length === local.of) return { message: `no endpoint is on ${nodes}`, place };
      if (service.spec.type === 'LoadBalancer') return undefined;
      return { severity: 'warning', message: `no endpoint is on ${nodes}`, place };
    }
  }
}
