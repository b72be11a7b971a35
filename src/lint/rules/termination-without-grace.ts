/** Pods that are killed while they still get connections. */
import type { Service } from '../../apiserver/objects.ts';
import { isHeadless } from '../../controllers/service-families.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { Fault } from '../finding.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';
import { graceSeconds, longestPreStop } from '../termination.ts';

const SLEEP = (seconds: number, mark: string) =>
  `readinessProbe: {httpGet: {path: /ready, port: http}}
          lifecycle:
            preStop:${mark}
              exec: {command: [sleep, "${seconds}"]}
`;

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
  what: 'Looks for workloads whose Pods a Service selects and whose terminationGracePeriodSeconds is 0, or no longer than the sleep of a preStop hook. Silent for headless Services.',
  why: 'The containers are killed at once, but it takes the nodes a while to hear of it: until then they send connections to a Pod that is gone',
  mend: 'Leave terminationGracePeriodSeconds at 30, and keep serving until connections have ended',
  invalid: [
    { title: 'every replacement of a Pod loses connections', manifest: MANIFEST('0 # ✗') },
    {
      title: 'the preStop hook takes all the time',
      manifest: MANIFEST('30').replace(/readinessProbe.*\n/, SLEEP(30, ' # ✗')),
    },
  ],
  valid: [
    { title: 'there is time to finish', manifest: MANIFEST('30') },
    {
      title: 'there is time after the hook',
      manifest: MANIFEST('60').replace(/readinessProbe.*\n/, SLEEP(30, '')),
    },
  ],
  *check(cluster) {
    const told = new Set<object>();
    for (const service of cluster.admitted.services) {
      if (isHeadless(service)) continue;
      for (const template of cluster.templatesOf(service)) {
        const fault = told.has(template) ? undefined : judge(service, template);
        if (fault === undefined) continue;
        told.add(template);
        yield fault;
      }
    }
  },
};

function judge({ metadata }: Service, template: PodTemplate): Fault | undefined {
  const grace = graceSeconds(template);
  if (grace === 0) {
    return {
      message: `Service ${metadata.name} sends connections to these Pods for a while after they are killed`,
      place: placeInTemplate(template, ['spec', 'terminationGracePeriodSeconds']),
    };
  }
  const hook = longestPreStop(template);
  if (hook === undefined || hook.seconds < grace) return undefined;
  return {
    message: `the preStop hook sleeps for ${hook.seconds} s of a grace period of ${grace} s`,
    why: 'The time runs while the hook sleeps: after it the containers get SIGTERM and two seconds, and are killed with what connections they have',
    mend: 'Make terminationGracePeriodSeconds longer than the hook by the time that open connections need',
    place: placeInTemplate(template, ['spec', 'containers', hook.index, 'lifecycle', 'preStop']),
  };
}
