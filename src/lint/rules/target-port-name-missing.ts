/** A target port by a name that Pods do not give to any port. */
import { quote } from '../../apiserver/fault.ts';
import type { Service } from '../../apiserver/objects.ts';
import { missingPorts } from '../../controllers/endpoint-slice-ports.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';

export const targetPortNameMissing: LintRule = {
  id: 'target-port-name-missing',
  title: 'No container port has the name that the Service sends to',
  severity: 'error',
  what: 'Looks up each named targetPort among the container ports, sidecars included, of all Pods and workloads that the selector matches. An error where none has it, a warning where only some do. Numbers need not be declared by containers, so they are not looked up.',
  why: 'The endpoints controller leaves a port out that it cannot look up: connections to it are rejected, though the Pods are ready',
  mend: 'Give the container port that name, or send to the name or number that it has',
  invalid: [
    {
      title: 'the container calls its port web',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: http # ✗
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
    - name: web
      image: example.com/web
      ports:
        - {name: web, containerPort: 8080}
      readinessProbe: {tcpSocket: {port: web}}
`,
    },
  ],
  valid: [
    {
      title: 'the container calls its port http',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: http
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
    - name: web
      image: example.com/web
      ports:
        - {name: http, containerPort: 8080}
      readinessProbe: {tcpSocket: {port: http}}
`,
    },
    {
      title: 'a number need not be declared',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
    - name: web
      image: example.com/web
      readinessProbe: {tcpSocket: {port: 8080}}
`,
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.ports?.some(({ targetPort }) => typeof targetPort === 'string')) {
        yield* checkService(service, cluster);
      }
    }
  },
};

function* checkService(service: Service, cluster: LintedCluster): Generator<Fault> {
  // A Job that a selector catches by accident is another rule's fault to find.
  const templates = cluster.templatesOf(service).filter(({ owner }) => !/Job$/.test(owner.kind));
  if (templates.length === 0) return;
  for (const [i, { name, targetPort, protocol }] of (service.spec.ports ?? []).entries()) {
    if (typeof targetPort === 'number') continue;
    const lacking = templates.filter((template) => lacks(service, template, i, name ?? ''));
    const [first] = lacking;
    if (first === undefined) continue;
    const all = lacking.length === templates.length;
    const who =
      all && lacking.length > 1
        ? `none of the ${lacking.length} workloads that it selects`
        : formatObjectReference(first.owner);
    const has = all && lacking.length > 1 ? 'has' : 'has no';
    yield {
      severity: all ? 'error' : 'warning',
      message: `${who} ${has} ${protocol} container port named ${quote(targetPort)}${namesOf(first)}`,
      why: all
        ? undefined
        : `Pods of ${formatObjectReference(first.owner)} get no connections on this port; those of the other workloads get all of them`,
      place: cluster.placeOf(service, ['spec', 'ports', i, 'targetPort']),
    };
  }
}

/** A port of that name but of another protocol is another rule's fault to find. */
function lacks(service: Service, { pod }: PodTemplate, index: number, portName: string): boolean {
  const port = service.spec.ports?.[index];
  return missingPorts(service, pod).some(
    ({ servicePort, targetPort, protocol, otherProtocols }) =>
      servicePort === portName &&
      targetPort === port?.targetPort &&
      protocol === port.protocol &&
      otherProtocols.length === 0,
  );
}

function namesOf({ pod }: PodTemplate): string {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const names = [...new Set(ports.flatMap(({ name }) => (name === undefined ? [] : [quote(name)])))];
  return names.length === 0 ? '; its ports have no names' : `; it has ${names.slice(0, 5).join(', ')}`;
}
