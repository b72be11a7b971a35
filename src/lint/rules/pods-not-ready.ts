/** A Service none of whose Pods is ready. */
import { quote } from '../../apiserver/fault.ts';
import type { Pod } from '../../apiserver/objects.ts';
import { isSelecting, podCluster } from '../../controllers/pod-cluster.ts';
import { isFinished, isReady, isTerminating, readyCondition } from '../../controllers/pod-status.ts';
import type { LintRule } from '../rule.ts';

const POD = (ready: string) => `apiVersion: v1
kind: Pod
metadata:
  name: web-1
  labels: {app: web}
spec:
  nodeName: worker-1
  containers:
    - name: web
      image: example.com/web
      readinessProbe: {tcpSocket: {port: 8080}}
status:
  phase: Running
  podIP: 10.244.1.7
  podIPs: [{ip: 10.244.1.7}]
  conditions:
    - {type: Ready, status: "${ready}"}
`;

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: # ✗
    app: web
  ports:
    - port: 8080
---
`;

export const podsNotReady: LintRule = {
  id: 'pods-not-ready',
  title: 'None of the Pods that a Service selects is ready',
  severity: 'error',
  what: 'Of inputs that hold running Pods with their status, such as a dump of a cluster: looks for Services that select some, of which none is ready. Silent with publishNotReadyAddresses.',
  why: 'kube-proxy uses ready endpoints only: it rejects every connection to the Service',
  mend: 'Look at why the readiness probe fails: kubectl describe pod',
  invalid: [{ title: 'the one Pod is not ready', manifest: `${SERVICE}${POD('False')}` }],
  valid: [{ title: 'the Pod is ready', manifest: `${SERVICE.replace(' # ✗', '')}${POD('True')}` }],
  *check(cluster) {
    if (!cluster.admitted.pods.some(hasReport)) return;
    const pods = podCluster(cluster.admitted);
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service) || service.spec.publishNotReadyAddresses === true) continue;
      const selected = pods.selectPods(service).filter((pod) => !isFinished(pod));
      const [first] = selected;
      // A Pod without a report may be one that is to be applied: nobody knows yet.
      if (first === undefined || !selected.every(hasReport)) continue;
      if (selected.some((pod) => isReady(pod) && !isTerminating(pod))) continue;
      const count = selected.length === 1 ? 'the Pod' : `none of the ${selected.length} Pods`;
      yield {
        message: `${count} that it selects is${selected.length === 1 ? ' not' : ''} ready: ${reasonOf(first)}`,
        place: cluster.placeOf(service, ['spec', 'selector']),
      };
    }
  },
};

function hasReport(pod: Pod): boolean {
  return readyCondition(pod) !== undefined;
}

function reasonOf(pod: Pod): string {
  const { name } = pod.metadata;
  if (isTerminating(pod)) return `${name} is terminating`;
  const { reason, message } = readyCondition(pod) ?? {};
  const text = [reason, message].filter((part) => part !== undefined && part !== '').join(', ');
  return text === '' ? `${name} is not` : `${name} says ${quote(text)}`;
}
