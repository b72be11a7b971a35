/** A cluster of a size at which mode iptables hurts. */
import { compareStrings } from '../../shared/ordering.ts';
import type { Place } from '../finding.ts';
import { keyOf, type LintedCluster, placeInSource } from '../linted-cluster.ts';
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import type { LintRule } from '../rule.ts';
import { countRules } from '../rule-counts.ts';

const SERVICES = (count: number) => {
  const ports = Array.from({ length: 250 }, (_, i) => `{name: p${i}, port: ${20_000 + i}}`).join(', ');
  const service = (i: number) => `apiVersion: v1
kind: Service
metadata: {name: relay-${i}}
spec:
  selector: {app: relay}
  ports: [${ports}]
---
`;
  return Array.from({ length: count }, (_, i) => service(i)).join('');
};

const PODS = `apiVersion: v1
kind: Pod
metadata: {name: relay, labels: {app: relay}}
spec:
  containers: [{name: relay, image: example.com/relay, readinessProbe: {tcpSocket: {port: 20000}}}]
---
`;

const EXCERPT = `${SERVICES(1).replace(/, \{name: p1,.*\]/, ', …]')}# 23 more\n---\n`;
const configuration = (mode: string) =>
  `${EXAMPLE_CONFIGURATION}iptables: {localhostNodePorts: false}\nmode: ${mode}\n`;

/** Service ports from which on the compiler is asked. */
const MANY = 1000;
/** Rules from which on a node feels each of its changes, as the page says. */
const TOO_MANY_WALKED = 5000;
const TOO_MANY = 50_000;

export const manyRules: LintRule = {
  id: 'many-rules',
  title: 'Nodes in mode iptables have thousands of rules in a row',
  severity: 'warning',
  what: 'From 1,000 service ports on, compiles the input for modes iptables and nftables, with the endpoints that it has, and counts: a note; a warning where KUBE-SERVICES has 5,000 rules or more, or all chains together 50,000. Silent where each KubeProxyConfiguration of the input sets another mode than iptables. Measured on a machine with two cores, 5,000 Services with three endpoints each are 50,000 rules; iptables-restore loads them in 0.3 s with legacy iptables and in 5 s with iptables over nf_tables. 10,000 Services take 0.7 s and 40 s. Mode nftables loads its own in 2 s and 11 s, and changes only what differs.',
  why: 'The first packet of each connection is compared with one Service after the other until one fits, in mode iptables; what is for none of them is compared with all. And whenever kube-proxy writes everything, at its start and after a failure, or the kernel takes one change, the whole table is handled',
  mend: 'Use mode: nftables on kernels from 5.13 on, which finds a Service in one look-up however many there are',
  invalid: [
    {
      title: '24 Services with 250 ports each',
      manifest: `${SERVICES(24)}${PODS}${configuration('iptables # ✗')}`,
      excerpt: `${EXCERPT}${PODS}${configuration('iptables # ✗')}`,
    },
  ],
  valid: [
    {
      title: 'mode nftables looks them up',
      manifest: `${SERVICES(24)}${PODS}${configuration('nftables')}`,
      excerpt: `${EXCERPT}${PODS}${configuration('nftables')}`,
    },
  ],
  *check(cluster) {
    let ports = 0;
    for (const { spec } of cluster.admitted.services) {
      if (spec.clusterIP && spec.clusterIP !== 'None') ports += spec.ports?.length ?? 0;
    }
    const place = ports < MANY ? undefined : placeOf(cluster);
    if (place === undefined) return;
    const { iptables, walk, nftables } = countRules(cluster);
    const isBad = walk >= TOO_MANY_WALKED || iptables >= TOO_MANY;
    yield {
      severity: isBad ? 'warning' : 'note',
      message: `mode iptables needs ${iptables} rules on each node and compares a first packet with up to ${walk} in a row; mode nftables needs ${nftables} rules and elements, and looks a Service up`,
      place,
    };
  },
};

/** Where the mode is set, or else the Service that has most to do with it; undefined where the mode is another one. */
function placeOf(cluster: LintedCluster): Place | undefined {
  const configurations = proxyConfigurations(cluster);
  const found = configurations.find(({ configuration: it }) => (it?.mode ?? 'iptables') === 'iptables');
  if (found !== undefined) return placeInSource(found.source, ['mode']);
  if (configurations.length > 0) return undefined;
  const [largest] = [...cluster.admitted.services].sort(
    (a, b) => (b.spec.ports?.length ?? 0) - (a.spec.ports?.length ?? 0) || compareStrings(keyOf(a), keyOf(b)),
  );
  return largest && cluster.placeOf(largest, ['spec', 'ports']);
}
