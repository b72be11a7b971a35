/** Pods that get connections as soon as they run. */
import { isSelecting } from '../../controllers/pod-cluster.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import { hasReadinessProbe } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (deployment: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {port: 80, targetPort: http}
---
${deployment}`;

const WITHOUT = WEB_DEPLOYMENT.replace(/ *readinessProbe.*\n/, '').replace('- name: web', '- name: web # ✗');

export const readinessProbeMissing: LintRule = {
  id: 'readiness-probe-missing',
  title: 'Pods behind a Service have no readiness probe',
  severity: 'note',
  what: 'Looks for workloads whose Pods a Service selects and none of whose containers has a readiness probe; readiness gates count, too. Silent for Services with publishNotReadyAddresses, and for Jobs.',
  why: 'Such a Pod is ready as soon as its containers run: it gets connections before it listens, and goes on getting them when it hangs',
  mend: 'Add a readinessProbe to the container that serves the port',
  invalid: [{ title: 'nobody asks whether it listens', manifest: MANIFEST(WITHOUT) }],
  valid: [{ title: 'the kubelet asks /ready', manifest: MANIFEST(WEB_DEPLOYMENT) }],
  *check(cluster) {
    const told = new Set<object>();
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service) || service.spec.publishNotReadyAddresses === true) continue;
      for (const template of cluster.templatesOf(service)) {
        if (told.has(template) || template.owner.kind.endsWith('Job') || hasReadinessProbe(template))
          continue;
        told.add(template);
        yield {
          message: `Service ${service.metadata.name} sends connections here as soon as the containers run`,
          place: placeInTemplate(template, ['spec', 'containers', 0]),
        };
      }
    }
  },
};
