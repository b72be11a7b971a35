/** A node port that a Pod wants on the node itself. */

import type { FieldPath } from '../../shared/diagnostic.ts';
import { placeInTemplate } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import { fieldsOf, listOf, numberOf, textOf } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (hostPort: string) => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports:
    - {port: 80, targetPort: 8080, nodePort: 30080}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web
          ports:
            - containerPort: 8080
              ${hostPort}
          readinessProbe: {tcpSocket: {port: 8080}}
`;

export const hostPortClash: LintRule = {
  id: 'host-port-clash',
  title: 'A Pod takes a port of the node that is the node port of a Service',
  severity: 'error',
  what: 'Compares the node ports and health-check node ports that Services ask for with the host ports of Pods and workloads: hostPort, and containerPort with hostNetwork.',
  why: "kube-proxy's rules catch every packet to the node port before anything that listens on the node: the Pod is never reached there",
  mend: 'Give one of the two another port; node ports are of 30000 to 32767, host ports better are not',
  invalid: [{ title: 'node port and host port are the same', manifest: MANIFEST('hostPort: 30080 # ✗') }],
  valid: [{ title: 'the host port is another one', manifest: MANIFEST('hostPort: 8080') }],
  *check(cluster) {
    const nodePorts = new Map<string, string>();
    for (const { metadata, spec } of cluster.admitted.services) {
      const name = `Service ${metadata.namespace}/${metadata.name}`;
      const chosen = new Set(
        cluster.allocationsOf(metadata.namespace, metadata.name).map(({ value }) => value),
      );
      for (const { nodePort, protocol } of spec.ports ?? []) {
        if (nodePort && !chosen.has(nodePort)) nodePorts.set(`${nodePort}/${protocol}`, name);
      }
      const { healthCheckNodePort: health } = spec;
      if (health && !chosen.has(health)) nodePorts.set(`${health}/TCP`, `the health check of ${name}`);
    }
    if (nodePorts.size === 0) return;
    for (const template of cluster.templates) {
      for (const { port, path } of hostPorts(template)) {
        const holder = nodePorts.get(port);
        if (holder === undefined) continue;
        yield { message: `${port} is the node port of ${holder}`, place: placeInTemplate(template, path) };
      }
    }
  },
};

function* hostPorts({ spec }: PodTemplate): Generator<{ port: string; path: FieldPath }> {
  for (const [i, container] of listOf(spec.containers).map(fieldsOf).entries()) {
    for (const [j, port] of listOf(container.ports).map(fieldsOf).entries()) {
      const field = spec.hostNetwork === true ? 'containerPort' : 'hostPort';
      const number = numberOf(port[field]);
      if (!number) continue;
      const path = ['spec', 'containers', i, 'ports', j, field];
      yield { port: `${number}/${textOf(port.protocol) ?? 'TCP'}`, path };
    }
  }
}
