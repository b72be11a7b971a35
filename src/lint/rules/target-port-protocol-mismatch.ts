/** A target port that Pods have for another protocol only. */
import { quote } from '../../apiserver/fault.ts';
import type { ContainerPort, Service, ServicePort } from '../../apiserver/objects.ts';
import { formatObjectReference } from '../../shared/diagnostic.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import type { LintRule } from '../rule.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
`;

export const targetPortProtocolMismatch: LintRule = {
  id: 'target-port-protocol-mismatch',
  title: 'The container port is of another protocol than the Service',
  severity: 'error',
  what: 'Looks up target ports among the container ports of all Pods and workloads that the selector matches. An error where a named port is there, but for another protocol; a warning where a number is declared for UDP or SCTP only, and the Service sends TCP to it. A number that is declared as TCP says nothing of UDP: containers need not declare their ports.',
  why: 'A named port is looked up by name and protocol: the endpoints controller leaves it out, and connections are rejected',
  mend: 'Set the same protocol on both; TCP is what counts where none is set',
  invalid: [
    {
      title: 'the Service sends UDP, the port http is of TCP',
      manifest: `${SERVICE}    - port: 80
      protocol: UDP
      targetPort: http # ✗
---
${WEB_DEPLOYMENT}`,
    },
    {
      title: 'the Service forgets that syslog is UDP here',
      manifest: `${SERVICE}    - port: 514
      targetPort: 5514 # ✗
---
${WEB_DEPLOYMENT.replace('{name: http, containerPort: 8080}', '{name: syslog, containerPort: 5514, protocol: UDP}').replace('httpGet: {path: /ready, port: http}', 'exec: {command: [ready]}')}`,
    },
  ],
  valid: [
    {
      title: 'both are TCP',
      manifest: `${SERVICE}    - port: 80
      targetPort: http
---
${WEB_DEPLOYMENT}`,
    },
    {
      title: 'HTTP/3: the container need not declare UDP',
      manifest: `${SERVICE}    - {name: https, port: 443, targetPort: 8080}
    - {name: http3, port: 443, protocol: UDP, targetPort: 8080}
---
${WEB_DEPLOYMENT}`,
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const templates = cluster.templatesOf(service);
      if (templates.length === 0) continue;
      for (const [i, port] of (service.spec.ports ?? []).entries()) {
        const fault = judge(service, port, i, templates, cluster);
        if (fault !== undefined) yield fault;
      }
    }
  },
};

function judge(
  service: Service,
  port: ServicePort,
  index: number,
  templates: readonly PodTemplate[],
  cluster: LintedCluster,
): Fault | undefined {
  const { targetPort, protocol } = port;
  const wrong = templates.filter((template) => hasOnlyOther(port, template));
  const [first] = wrong;
  if (first === undefined) return undefined;
  const isNamed = typeof targetPort === 'string';
  const others = protocolsOf(port, first).join(' and ');
  const what = isNamed ? `port ${quote(targetPort)}` : `port ${targetPort}`;
  return {
    severity: isNamed && wrong.length === templates.length ? 'error' : 'warning',
    message: `${formatObjectReference(first.owner)} has ${what} for ${others}, not for ${protocol}`,
    why: isNamed ? undefined : 'Connections go to the Pod, where probably nothing listens for them',
    place: cluster.placeOf(service, ['spec', 'ports', index, 'targetPort']),
  };
}

function hasOnlyOther(port: ServicePort, template: PodTemplate): boolean {
  const protocols = protocolsOf(port, template);
  if (protocols.length === 0 || protocols.includes(port.protocol)) return false;
  return typeof port.targetPort === 'string' || port.protocol === 'TCP';
}

function protocolsOf({ targetPort }: ServicePort, { pod }: PodTemplate): readonly string[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  const isMeant = ({ name, containerPort }: ContainerPort) =>
    typeof targetPort === 'string' ? name === targetPort : containerPort === targetPort;
  return [...new Set(ports.filter(isMeant).map(({ protocol }) => protocol ?? 'TCP'))];
}
