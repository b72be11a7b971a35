/** What is known of one service port before its packets are traced: both sides' views of it, and the rules that differ. */
import type { ServicePortInfo } from '../proxy/service-port.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import type { Difference } from './compared.ts';
import type { Line } from './line.ts';

export interface PortFacts {
  readonly info: ServicePortInfo;
  /** Undefined where the intended rules have no such Service. */
  readonly intended: ServicePortView | undefined;
  /** Undefined where a host's rules are compared, and where the other manifests have no such Service. */
  readonly actual: ServicePortView | undefined;
  /** Endpoints that the intended rules can reach, by `10.0.0.1:80`. */
  readonly endpoints: ReadonlySet<string>;
  readonly hasRanges: boolean;
  readonly differences: readonly Difference[];
  /** All rules that are missing. */
  readonly missing: readonly Line[];
  readonly extra: readonly Line[];
}

export function portFacts(
  intended: ServicePortView | undefined,
  actual: ServicePortView | undefined,
  differences: readonly Difference[],
): PortFacts {
  const known = (intended ?? actual) as ServicePortView;
  return {
    info: known.servicePort,
    intended,
    actual,
    endpoints: new Set((intended?.traffic.reachableEndpoints ?? []).map(({ address }) => address)),
    hasRanges: (intended?.servicePort.loadBalancerSourceRanges.length ?? 0) > 0,
    differences,
    missing: differences.flatMap(({ missing }) => missing),
    extra: differences.flatMap(({ extra }) => extra),
  };
}
