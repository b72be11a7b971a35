/** Terminating Pods that count as serving until they are gone. */
import type { Service } from '../../apiserver/objects.ts';
import { isSelecting } from '../../controllers/pod-cluster.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import { fieldsOf, numberOf, textOf, valueAt } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';
import { graceSeconds, longestPreStop, readinessFailureSeconds } from '../termination.ts';

const MANIFEST = (probe: string) => `apiVersion: v1
kind: Service
metadata: {name: edge}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: edge}
  ports:
    - {port: 80, targetPort: 8080}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: edge}
spec:
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: edge
          image: example.com/edge
          readinessProbe:${probe}
`;

export const readinessSlowerThanTermination: LintRule = {
  id: 'readiness-slower-than-termination',
  title: 'A readiness probe does not fail before the Pod is gone',
  severity: 'note',
  what: 'Where a node or the Service may be left with terminating endpoints only (traffic policy Local, one replica of a StatefulSet or of a Deployment with strategy Recreate, a single Pod): compares periodSeconds × failureThreshold of the readiness probe with what terminationGracePeriodSeconds leaves after the sleep of a preStop hook. Silent where the two are equal, as they are by default.',
  why: 'A terminating endpoint that still counts as serving gets new connections as long as there is no ready one. It counts as serving until its readiness probe fails: with a slow one, until it is killed, though the container may have stopped to listen long before',
  mend: 'Let the probe fail sooner (periodSeconds × failureThreshold below the grace period), or keep listening until the end',
  invalid: [
    {
      title: 'the probe fails after 60 s, the Pod is gone after 30 s',
      manifest: MANIFEST(
        ' # ✗\n            httpGet: {path: /ready, port: 8080}\n            periodSeconds: 20',
      ),
    },
  ],
  valid: [
    {
      title: 'it fails after 6 s',
      manifest: MANIFEST('\n            httpGet: {path: /ready, port: 8080}\n            periodSeconds: 2'),
    },
  ],
  *check(cluster) {
    const told = new Set<object>();
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service) || isHeadless(service)) continue;
      for (const template of cluster.templatesOf(service)) {
        if (told.has(template) || !canBeLast(service, template)) continue;
        const probe = readinessFailureSeconds(template);
        const grace = graceSeconds(template);
        const left = grace - (longestPreStop(template)?.seconds ?? 0);
        // Without time to finish at all, another rule speaks.
        if (probe === undefined || left <= 0 || probe.seconds <= left) continue;
        told.add(template);
        const after = left === grace ? '' : `, ${left} s after its preStop hook`;
        yield {
          message: `the probe fails after ${probe.seconds} s, but the Pod is gone after ${grace} s${after}`,
          place: placeInTemplate(template, ['spec', 'containers', probe.index, 'readinessProbe']),
        };
      }
    }
  },
};

/** Whether nothing but terminating Pods may be left, on a node or at all, when one is replaced. */
function canBeLast({ spec }: Service, { owner, source }: PodTemplate): boolean {
  if (spec.externalTrafficPolicy === 'Local' || spec.internalTrafficPolicy === 'Local') return true;
  const { replicas, strategy } = fieldsOf(valueAt(source.object, ['spec']));
  const isSingle = (numberOf(replicas) ?? 1) === 1;
  switch (owner.kind) {
    case 'Pod':
      return true;
    case 'StatefulSet':
      return isSingle;
    case 'Deployment':
      return isSingle && textOf(fieldsOf(strategy).type) === 'Recreate';
    default:
      return false;
  }
}
