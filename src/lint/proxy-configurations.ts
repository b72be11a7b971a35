/** kube-proxy's configurations of the input. In: the cluster. Out: each with its source. */
import type { SourceObject } from '../input/source.ts';
import { type ProxyConfiguration, readProxyConfiguration } from '../proxy/configuration.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import type { LintedCluster } from './linted-cluster.ts';

export interface FoundConfiguration {
  readonly source: SourceObject;
  /** Undefined where kube-proxy refuses it. */
  readonly configuration: ProxyConfiguration | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export function proxyConfigurations(cluster: LintedCluster): readonly FoundConfiguration[] {
  return cluster
    .sourcesOfKind('KubeProxyConfiguration')
    .map((source) => ({ source, ...readProxyConfiguration(source.object, source.origin) }));
}

/** The head of a configuration, for examples. */
export const EXAMPLE_CONFIGURATION = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
`;
