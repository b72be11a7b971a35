/** A selector that no Pod and no workload template of the input fits. */

import type { StringMap } from '../../apiserver/decoded.ts';
import { printable, quote } from '../../apiserver/fault.ts';
import type { Service } from '../../apiserver/objects.ts';
import { isSelecting } from '../../controllers/pod-cluster.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import { NearLabels } from '../near-labels.ts';
import { makesNoPods } from '../passive-kinds.ts';
import type { LintRule } from '../rule.ts';

export const serviceSelectorMatchesNothing: LintRule = {
  id: 'service-selector-matches-nothing',
  title: 'A selector matches no Pod and no workload',
  severity: 'error',
  what: "Compares each Service's selector with the labels of the Pods and workload templates of its namespace. An error where one of them fits but for one label that looks like a slip; else a warning, or a note in kube-system and where the input has custom resources that may make Pods. Labels that controllers add, such as statefulset.kubernetes.io/pod-name, are known. Silent where the input has no workloads in the namespace, or endpoints for the Service.",
  why: 'The endpoints controller finds no Pods: kube-proxy rejects every connection to the Service',
  mend: "Write the labels of the workload's Pod template (spec.template.metadata.labels) into the selector",
  invalid: [
    {
      title: 'the Pods have another label for the name',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector:
    app: web # ✗
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web}}
    spec:
      containers:
        - name: web
          image: example.com/web
          readinessProbe: {tcpSocket: {port: 80}}
`,
    },
  ],
  valid: [
    {
      title: "the selector has the labels of the Deployment's Pods",
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector:
    app.kubernetes.io/name: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web, version: v2}}
    spec:
      containers:
        - name: web
          image: example.com/web
          readinessProbe: {tcpSocket: {port: 80}}
`,
    },
    {
      title: 'the input has no workloads at all',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector:
    app: web
  ports:
    - port: 80
`,
    },
  ],
  *check(cluster) {
    const byNamespace = new Map<string, NearLabels>();
    for (const service of cluster.admitted.services) {
      if (!isSelecting(service) || hasOtherEndpoints(service, cluster)) continue;
      if (cluster.templatesOf(service).length > 0) continue;
      const { namespace } = service.metadata;
      const templates = cluster.templatesIn(namespace);
      if (templates.length === 0) continue;
      const near = byNamespace.get(namespace) ?? new NearLabels(templates);
      byNamespace.set(namespace, near);
      yield judge(service, near, cluster);
    }
  },
};

/** What controllers write for a selector that matches nothing is there, too, but empty. */
function hasOtherEndpoints(service: Service, cluster: LintedCluster): boolean {
  const { subsets = [] } = cluster.endpointsOf(service) ?? {};
  return subsets.length > 0 || cluster.writtenSlicesOf(service).some(({ endpoints }) => endpoints.length > 0);
}

/** Operators put labels of their own domain on Pods that run: longhorn.io/admission-webhook on those that serve it. */
function mayBeAddedLater(selector: StringMap, cluster: LintedCluster): boolean {
  if (!cluster.input.passedOver.has('CustomResourceDefinition')) return false;
  return Object.keys(selector).every((key) => /\//.test(key) && !/(^|\.)(kubernetes|k8s)\.io\//.test(key));
}

function judge(service: Service, near: NearLabels, cluster: LintedCluster): Fault {
  const selector = service.spec.selector ?? {};
  const miss = near.find(selector);
  const custom = [...cluster.input.passedOver.keys()].filter((kind) => !makesNoPods(kind)).sort();
  // In kube-system an addon may select what another addon brought.
  const isOpen =
    custom.length > 0 || service.metadata.namespace === 'kube-system' || mayBeAddedLater(selector, cluster);
  if (miss === undefined) {
    const pairs = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
    return {
      severity: isOpen ? 'note' : 'warning',
      message: `no Pod and no workload of the namespace has the labels ${printable(pairs.join(', '))}`,
      why:
        custom.length === 0
          ? undefined
          : `Unless ${printable(custom.slice(0, 3).join(', '))} makes such Pods, kube-proxy rejects every connection to the Service`,
      place: cluster.placeOf(service, ['spec', 'selector']),
    };
  }
  const { template, key, instead } = miss;
  const wanted = `${key}: ${quote(selector[key])}`;
  const has = instead === undefined ? 'no such label' : `${instead.key}: ${quote(instead.value)}`;
  return {
    severity: miss.isSlip ? 'error' : isOpen ? 'note' : 'warning',
    message: `the selector has ${wanted}, the Pods of ${formatObjectReference(template.owner)} have ${has}`,
    mend: instead === undefined || !miss.isSlip ? undefined : `Write ${instead.key}: ${quote(instead.value)}`,
    place: cluster.placeOf(service, ['spec', 'selector', key]),
  };
}
