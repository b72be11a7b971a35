/** A Service that selects more than the workload it is for. */
import type { Service } from '../../apiserver/objects.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { PodTemplate } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';

const CACHE = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  selector: {matchLabels: {app: web, tier: cache}}
  template:
    metadata: {labels: {app: web, tier: cache}}
    spec:
      containers:
        - name: cache
          image: example.com/cache
          ports:
            - containerPort: 6379
          readinessProbe: {tcpSocket: {port: 6379}}
`;

const FRONT = WEB_DEPLOYMENT.replaceAll('{app: web}', '{app: web, tier: front}');

export const selectorMatchesOtherWorkload: LintRule = {
  id: 'selector-matches-other-workload',
  title: 'A Service selects Pods that do not have its port, beside those that do',
  severity: 'warning',
  what: 'Looks for Services that select several workloads, where for a numeric target port some declare that port and others declare ports but not that one. Silent where nobody declares it, where a workload declares none, and for headless Services.',
  why: 'Every ready Pod that is selected is an endpoint: a part of the connections goes to Pods that do not listen there, and fails',
  mend: 'Name in the selector a label that only the right workload has',
  invalid: [
    {
      title: 'the cache carries the label of the application',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: # ✗
    app: web
  ports:
    - port: 80
      targetPort: 8080
---
${FRONT}${CACHE}`,
    },
  ],
  valid: [
    {
      title: 'the selector names the tier',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector:
    app: web
    tier: front
  ports:
    - port: 80
      targetPort: 8080
---
${FRONT}${CACHE}`,
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (isHeadless(service)) continue;
      const templates = cluster.templatesOf(service).filter(({ owner }) => !owner.kind.endsWith('Job'));
      const odd = templates.length < 2 ? undefined : oddOneOut(service, templates);
      if (odd === undefined) continue;
      const { template, other, port } = odd;
      yield {
        message: `${formatObjectReference(template.owner)} is selected, but has no port ${port}; ${formatObjectReference(other.owner)} has`,
        place: cluster.placeOf(service, ['spec', 'selector']),
      };
    }
  },
};

/** One port is enough: what serves another port of the Service may be of another workload by design. */
function oddOneOut({ spec }: Service, templates: readonly PodTemplate[]) {
  const ports = (spec.ports ?? []).map(({ targetPort }) => targetPort);
  const declared = new Map(templates.map((template) => [template, numbersOf(template)]));
  const has = (template: PodTemplate) => ports.some((port) => declared.get(template)?.has(port));
  const template = templates.find((each) => (declared.get(each)?.size ?? 0) > 0 && !has(each));
  const other = templates.find(has);
  const port = ports.find((each) => other !== undefined && declared.get(other)?.has(each));
  if (template === undefined || other === undefined || port === undefined) return undefined;
  return ports.every((each) => typeof each === 'number') ? { template, other, port } : undefined;
}

function numbersOf({ pod }: PodTemplate): ReadonlySet<number | string> {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return new Set(containers.flatMap(({ ports }) => ports ?? []).map(({ containerPort }) => containerPort));
}
