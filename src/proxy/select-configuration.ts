/** Which KubeProxyConfiguration counts: the one that is named, else the one among the input's objects, else the defaults. */
import type { SourceObject } from '../input/source.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { DEFAULT_CONFIGURATION, type ProxyConfiguration, readProxyConfiguration } from './configuration.ts';

export interface ConfigurationRequest {
  readonly objects: readonly SourceObject[];
  /** A KubeProxyConfiguration; it goes before one among the objects. */
  readonly proxyConfiguration?: SourceObject | undefined;
  /** Goes before the configuration's clusterCIDR. */
  readonly clusterCIDR?: string | undefined;
  /** Goes before the configuration's portRange. */
  readonly proxyPortRange?: string | undefined;
  /** False: mode userspace is only the proxy, without kube-proxy's rules. */
  readonly portals?: boolean | undefined;
}

export interface SelectedConfiguration {
  /** Undefined where there are errors. */
  readonly configuration: ProxyConfiguration | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** @throws OperationalError where the objects hold several and none is named. */
export function selectConfiguration(request: ConfigurationRequest): SelectedConfiguration {
  const among = request.objects.filter(({ kind }) => kind === 'KubeProxyConfiguration');
  const source = request.proxyConfiguration ?? among[0];
  if (request.proxyConfiguration === undefined && among.length > 1) {
    throw new OperationalError('the input has several KubeProxyConfigurations; name one with --proxy-config');
  }
  const overrides = Object.entries({
    clusterCIDR: request.clusterCIDR,
    portRange: request.proxyPortRange,
  }).filter(([, value]) => value !== undefined);
  const read =
    source === undefined && overrides.length === 0
      ? { configuration: DEFAULT_CONFIGURATION, diagnostics: [] }
      : readProxyConfiguration({ ...source?.object, ...Object.fromEntries(overrides) }, source?.origin);
  const { configuration } = read;
  if (configuration === undefined || request.portals !== false) return read;
  return {
    ...read,
    configuration: { ...configuration, userspace: { ...configuration.userspace, portals: false } },
  };
}
