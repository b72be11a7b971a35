/** A Job's Pods among those of a Service. */

import { isHeadless } from '../../controllers/service-families.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import { hasReadinessProbe } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (labels: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    metadata:
      ${labels}
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          image: example.com/migrate
---
${WEB_DEPLOYMENT}`;

export const selectorMatchesJob: LintRule = {
  id: 'selector-matches-job',
  title: "A Service selects a Job's Pods beside those of its workload",
  severity: 'warning',
  what: 'Looks for Services whose selector matches the Pods of a Job or CronJob and those of another workload, too. Silent where only Jobs are matched, for headless Services, and where the Job has a readiness probe.',
  why: "A Job's Pod has no readiness probe, so it is ready as soon as it starts: for as long as it runs it gets its share of the connections and refuses them",
  mend: "Give the Job's Pods other labels, or name in the selector a label that they do not have",
  invalid: [
    {
      title: 'the migration carries the label of the application',
      manifest: MANIFEST('labels: {app: web} # ✗'),
    },
  ],
  valid: [{ title: 'the migration has a label of its own', manifest: MANIFEST('labels: {app: migrate}') }],
  *check(cluster) {
    const told = new Set<object>();
    for (const service of cluster.admitted.services) {
      if (isHeadless(service)) continue;
      const templates = cluster.templatesOf(service);
      const jobs = templates.filter(({ owner }) => owner.kind.endsWith('Job'));
      const other = templates.find(({ owner }) => !owner.kind.endsWith('Job'));
      if (other === undefined) continue;
      for (const job of jobs) {
        if (told.has(job) || hasReadinessProbe(job)) continue;
        told.add(job);
        yield {
          message: `Service ${service.metadata.name} selects these Pods beside those of ${formatObjectReference(other.owner)}`,
          place: placeInTemplate(job, ['metadata', 'labels']),
        };
      }
    }
  },
};
