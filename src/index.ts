/**
 * The typed library: what the commands do, as functions of plain data. The command line does not import this file, so that
 * no command loads what others need.
 *
 * @example
 * const { objects } = await readInput({ filenames: ['web.yaml'], recursive: false, stdin: [], kinds: DEFAULT_KINDS });
 * const cluster = compilationOf(await compile({ objects, node: 'worker-1' }));
 * for (const artifact of cluster.compiled.artifacts) console.log(artifact.name, [...artifact.text()].join(''));
 * for (const { fraction, verdict } of trace(cluster, { from: 'external', to: '192.0.2.10:30080' }).outcomes)
 *   console.log(`${fraction.numerator}/${fraction.denominator}`, verdict.kind);
 */
export type { Admission, AdmissionOptions, AdmittedObject } from './apiserver/admit.ts';
export { admit, DEFAULT_ADMISSION_OPTIONS } from './apiserver/admit.ts';
export type { Allocation, ClusterState } from './apiserver/cluster-state.ts';
export type * from './apiserver/objects.ts';
export type { Artifact, CompiledNode } from './backends/backend.ts';
export { type ClusterRequest, type PreparedCluster, prepareCluster } from './controllers/prepare-cluster.ts';
export { reconcileEndpointSlices } from './controllers/reconcile-endpoint-slices.ts';
export type * from './diff/change.ts';
export { DEFAULT_DNS_CONFIGURATION, type DnsConfiguration } from './discovery/dns/dns-configuration.ts';
export { type DnsRecord, QUERY_TYPES, type QueryType } from './discovery/dns/record.ts';
export { recordText } from './discovery/dns/zone-text.ts';
export { type Zone, type ZoneExtent, zonesOf } from './discovery/dns/zones.ts';
export {
  type PodEnvironment,
  type ServiceVariables,
  serviceVariables,
} from './discovery/env/service-variables.ts';
export { type ClusterKind, type ClusterList, readCluster } from './input/read-cluster.ts';
export { DEFAULT_KINDS, readInput } from './input/read-input.ts';
export type { Source, SourceObject } from './input/source.ts';
export {
  type Compilation,
  type CompileRequest,
  type CompileResult,
  compilationOf,
  compile,
} from './library/compile.ts';
export { diff } from './library/diff.ts';
export { type DnsRequest, dnsSource, type LookUp, lookUp } from './library/dns.ts';
export { explain } from './library/explain.ts';
export type { HostTexts } from './library/host-rules.ts';
export { manifestObjects } from './library/manifest-objects.ts';
export { type Traced, type TraceRequest, trace } from './library/trace.ts';
export type { Finding } from './lint/finding.ts';
export { allRules, type LintResult, type LintSelection, lint } from './lint/lint.ts';
export { LINT_KINDS } from './lint/lint-kinds.ts';
export type { LintInput } from './lint/linted-cluster.ts';
export { readProxyConfiguration } from './proxy/configuration.ts';
export { buildNodeView } from './proxy/node-view.ts';
export { parseRelease, SUPPORTED_RELEASES } from './proxy/release.ts';
export type { Diagnostic, Origin, Severity } from './shared/diagnostic.ts';
export { OperationalError } from './shared/operational-error.ts';
export type { ExplainedService } from './trace/explained-service.ts';
export type { Outcome, Verdict } from './trace/outcome.ts';
