/** Nodes whose own Pods cannot reach a Service. */
import type { Service } from '../../apiserver/objects.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import { WEB_DAEMON_SET, WEB_DEPLOYMENT } from '../example-parts.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import { formatNodes, localEndpoints } from '../local-endpoints.ts';
import type { LintRule } from '../rule.ts';

const SERVICE = (mark: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  internalTrafficPolicy: Local${mark}
  selector: {app: web}
  ports:
    - {port: 80, targetPort: http}
---
`;

export const internalTrafficPolicyLocal: LintRule = {
  id: 'internal-traffic-policy-local',
  title: 'Pods on nodes without an endpoint cannot reach the Service',
  severity: 'error',
  what: 'For internalTrafficPolicy: Local, compares the Nodes of the input with the nodes of the endpoints; an error where no endpoint is on any node. Where the input has no running Pods, the workloads tell: a warning unless a DaemonSet is among them.',
  why: 'With policy Local kube-proxy uses only endpoints on its own node, and drops connections of Pods elsewhere, however many endpoints there are',
  mend: 'Run the Pods as a DaemonSet; trafficDistribution: PreferSameNode prefers the own node and falls back to others',
  invalid: [{ title: 'a Deployment is not on every node', manifest: `${SERVICE(' # ✗')}${WEB_DEPLOYMENT}` }],
  valid: [{ title: 'a DaemonSet is', manifest: `${SERVICE('')}${WEB_DAEMON_SET}` }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.internalTrafficPolicy !== 'Local' || service.spec.clusterIP === 'None') continue;
      const fault = judge(service, cluster);
      if (fault !== undefined) yield fault;
    }
  },
};

function judge(service: Service, cluster: LintedCluster): Fault | undefined {
  const place = cluster.placeOf(service, ['spec', 'internalTrafficPolicy']);
  const local = localEndpoints(service, cluster);
  switch (local.kind) {
    case 'everywhere':
      return undefined;
    case 'nowhere':
      return { message: 'no endpoint says on which node it is, so nobody reaches the Service', place };
    case 'not-on': {
      const isNone = local.nodes.length === local.of;
      const message = `no endpoint is on ${formatNodes(local.nodes, local.of)}`;
      return { severity: isNone ? 'error' : 'warning', message, place };
    }
    case 'unknown': {
      const templates = cluster.templatesOf(service);
      const [first] = templates;
      if (first === undefined || templates.some(({ owner }) => owner.kind === 'DaemonSet')) return undefined;
      // Of single Pods, nobody knows where they will be.
      if (templates.some(({ owner }) => owner.kind === 'Pod')) return undefined;
      const message = `${formatObjectReference(first.owner)} need not have a Pod on every node`;
      return { severity: 'warning', message, place };
    }
  }
}
