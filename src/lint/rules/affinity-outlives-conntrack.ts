/** Clients that are kept at an endpoint for longer than the node remembers their connections. */
import type { Service } from '../../apiserver/objects.ts';
import { durationOf } from '../durations.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { FoundConfiguration } from '../proxy-configurations.ts';
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import { fieldsOf, valueAt } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (seconds: string, configuration: string) => `apiVersion: v1
kind: Service
metadata: {name: shell}
spec:
  selector: {app: shell}
  sessionAffinity: ClientIP
  sessionAffinityConfig:
    clientIP:
      timeoutSeconds: ${seconds}
  ports:
    - port: 22
---
${EXAMPLE_CONFIGURATION}iptables: {localhostNodePorts: false}
${configuration}`;

const AN_HOUR = 'mode: iptables\nconntrack: {tcpEstablishedTimeout: 1h0m0s}\n';

export const affinityOutlivesConntrack: LintRule = {
  id: 'affinity-outlives-conntrack',
  title: 'A client is kept at its endpoint for longer than its idle connections live',
  severity: 'warning',
  what: "For Services with sessionAffinity ClientIP and a TCP port, compares timeoutSeconds with the time after which the node forgets an idle connection, by each KubeProxyConfiguration of the input. In modes iptables and nftables that is conntrack.tcpEstablishedTimeout (24 h unless set, the kernel's 5 days for 0), and a warning. In mode ipvs it is ipvs.tcpTimeout too (the kernel's 15 minutes unless set), and a note, as that is the default. Silent for UDP: there affinity is what brings a flow back after the node has forgotten it.",
  why: "Affinity is for new connections. When conntrack has forgotten an idle one, what the endpoint sends next reaches the client from the Pod's own address, and the client resets it, though a packet of the client's would still find the same endpoint. In mode ipvs that packet is reset, too: IPVS takes up no connection in its middle",
  mend: 'Send keepalives more often than that, or raise conntrack.tcpEstablishedTimeout (in mode ipvs: ipvs.tcpTimeout) to timeoutSeconds',
  invalid: [
    { title: 'idle connections live for one hour', manifest: MANIFEST('7200 # ✗', AN_HOUR) },
    {
      title: 'in mode nftables it is the same',
      manifest: MANIFEST('7200 # ✗', AN_HOUR.replace('iptables', 'nftables')),
    },
  ],
  valid: [
    { title: 'idle connections live as long', manifest: MANIFEST('3600', AN_HOUR) },
    { title: 'by default they live for a day', manifest: MANIFEST('7200', 'mode: iptables\n') },
  ],
  *check(cluster) {
    const modes = proxyConfigurations(cluster).flatMap((found) => idleTimeOf(found) ?? []);
    const [shortest] = modes.sort((a, b) => a.seconds - b.seconds);
    if (shortest === undefined) return;
    for (const service of cluster.admitted.services) {
      const seconds = affinityOf(service);
      if (seconds <= shortest.seconds) continue;
      yield {
        severity: shortest.mode === 'ipvs' ? 'note' : 'warning',
        message: `clients keep their endpoint for ${seconds} s, but in mode ${shortest.mode} idle connections are forgotten after ${shortest.seconds} s`,
        place: cluster.placeOf(service, isWritten(service, cluster) ? TIMEOUT : ['spec', 'sessionAffinity']),
      };
    }
  },
};

const TIMEOUT = ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'];

/** The default is in no file. */
function isWritten(service: Service, cluster: LintedCluster): boolean {
  return valueAt(cluster.sourceOf(service)?.object, TIMEOUT) !== undefined;
}

/** 0 where there is none that matters. */
function affinityOf({ spec }: Service): number {
  if (spec.sessionAffinity !== 'ClientIP' || spec.clusterIP === 'None' || spec.type === 'ExternalName')
    return 0;
  if (!spec.ports?.some(({ protocol }) => protocol === 'TCP')) return 0;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
}

const DEFAULT_ESTABLISHED = 24 * 3600;
const KERNEL_ESTABLISHED = 5 * 24 * 3600;
const KERNEL_IPVS = 15 * 60;

interface IdleTime {
  readonly mode: string;
  readonly seconds: number;
}

function idleTimeOf({ source, configuration }: FoundConfiguration): IdleTime | undefined {
  if (configuration === undefined) return undefined;
  const given = durationOf(fieldsOf(source.object.conntrack).tcpEstablishedTimeout);
  const established = given === undefined ? DEFAULT_ESTABLISHED : given / 1000 || KERNEL_ESTABLISHED;
  const mode = configuration.mode ?? 'iptables';
  // IPVS keeps connections itself, beside conntrack; what is forgotten first ends the connection.
  const seconds =
    mode === 'ipvs' ? Math.min(configuration.ipvs.timeouts.tcp || KERNEL_IPVS, established) : established;
  return { mode, seconds };
}
