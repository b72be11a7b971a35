/** One environment variable that two Services set. */
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (name: string, deployment: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {port: 80, targetPort: http}
---
apiVersion: v1
kind: Service
metadata: {name: web-service}${name}
spec:
  selector: {app: web}
  ports:
    - {port: 8080, targetPort: http}
---
${deployment}`;

const WITHOUT_LINKS = WEB_DEPLOYMENT.replace('    spec:\n', '    spec:\n      enableServiceLinks: false\n');

export const serviceVariablesClash: LintRule = {
  id: 'service-variables-clash',
  title: 'Two Services set one environment variable to different values',
  severity: 'warning',
  what: 'Makes the service variables that the kubelet gives to the containers of each namespace. Silent where every Pod of the namespace has enableServiceLinks: false, or none is in the input.',
  why: 'Which of the two values a container gets is left to chance, and can change whenever it starts',
  mend: 'Rename one of the Services, or set enableServiceLinks: false in the Pods',
  invalid: [
    {
      title: 'WEB_SERVICE_PORT is the port of web, and the address of web-service',
      manifest: MANIFEST(' # ✗', WEB_DEPLOYMENT),
    },
  ],
  valid: [{ title: 'the Pods want no service variables', manifest: MANIFEST('', WITHOUT_LINKS) }],
  *check(cluster) {
    const namespaces = new Set(cluster.admitted.services.map(({ metadata }) => metadata.namespace));
    for (const namespace of namespaces) {
      const readers = cluster.templatesIn(namespace);
      if (!readers.some(({ pod }) => pod.spec?.enableServiceLinks !== false)) continue;
      yield* clashes(namespace, cluster);
    }
  },
};

/** Of many variables that two Services share, one is enough to say. */
function* clashes(namespace: string, cluster: LintedCluster) {
  const { collisions } = cluster.variablesOf(namespace);
  const told = new Set<string>();
  for (const { name, settings } of collisions) {
    const [first] = settings;
    const last = settings.at(-1);
    if (first === undefined || last === undefined) continue;
    const pair = `${first.service.metadata.name} ${last.service.metadata.name}`;
    if (told.has(pair)) continue;
    told.add(pair);
    yield {
      message: `${name} is set by Service ${first.service.metadata.name}, too, and to another value`,
      place: cluster.placeOf(last.service, ['metadata', 'name']),
    };
  }
}
