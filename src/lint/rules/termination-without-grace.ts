/** Pods that are killed while they still get connections. */
import { isHeadless } from '../../controllers/service-families.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (seconds: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {port: 80, targetPort: http}
---
${WEB_DEPLOYMENT.replace('    spec:\n', `    spec:\n      terminationGracePeriodSeconds: ${seconds}\n`)}`;

export const terminationWithoutGrace: LintRule = {
  id: 'termination-without-grace',
  title: 'Pods behind a Service are killed without any time to finish',
  severity: 'warning',
  what: 'Looks for workloads whose Pods a Service selects and whose terminationGracePeriodSeconds is 0. Silent for headless Services.',
  why: 'The containers are killed at once, but it takes the nodes a while to hear of it: until then they send connections to a Pod that is gone',
  mend: 'Leave terminationGracePeriodSeconds at 30, and keep serving until connections have ended',
  invalid: [{ title: 'every replacement of a Pod loses connections', manifest: MANIFEST('0 # ✗') }],
  valid: [{ title: 'there is time to finish', manifest: MANIFEST('30') }],
  *check(cluster) {
    const told = new Set<object>();
    for (const service of cluster.admitted.services) {
      if (isHeadless(service)) continue;
      for (const template of cluster.templatesOf(service)) {
        if (told.has(template) || template.spec.terminationGracePeriodSeconds !== 0) continue;
        told.add(template);
        yield {
          message: `Service ${service.metadata.name} sends connections to these Pods for a while after they are killed`,
          place: placeInTemplate(template, ['spec', 'terminationGracePeriodSeconds']),
        };
      }
    }
  },
};
