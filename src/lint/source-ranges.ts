/** What the rules on `loadBalancerSourceRanges` share. In: a Service. Out: its ranges with their families. */
import type { IPFamily, Service } from '../apiserver/objects.ts';
import { isIPv6, parseCIDR } from '../shared/ip.ts';

export interface SourceRange {
  readonly text: string;
  readonly family: IPFamily;
  readonly prefixLength: number;
  /** Its place in the list. */
  readonly index: number;
}

export function sourceRanges({ spec }: Service): readonly SourceRange[] {
  return (spec.loadBalancerSourceRanges ?? []).flatMap((text, index) => {
    const cidr = parseCIDR(text.trim());
    if (cidr === undefined) return [];
    const family: IPFamily = isIPv6(cidr.network) ? 'IPv6' : 'IPv4';
    return [{ text: text.trim(), family, prefixLength: cidr.prefixLength, index }];
  });
}

/** A load balancer with ranges, and with more under `spec`; for examples. */
export function exampleWithRanges(ranges: readonly string[], more = ''): string {
  return `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  allocateLoadBalancerNodePorts: false
${more}  selector: {app: web}
  loadBalancerSourceRanges:
${ranges.map((range) => `    - ${range}\n`).join('')}  ports:
    - port: 80
`;
}
