/** Clients that are let in by their address, which the Pods then do not see. */
import type { LintRule } from '../rule.ts';
import { exampleWithRanges, sourceRanges } from '../source-ranges.ts';

const EXAMPLE = (policy: string) =>
  exampleWithRanges(['192.0.2.0/24']).replace('Policy: Local', `Policy: ${policy}`);

export const sourceRangesClientAddress: LintRule = {
  id: 'source-ranges-client-address',
  title: 'Source ranges name clients whose addresses the Pods do not see',
  severity: 'note',
  what: 'Looks for Services with loadBalancerSourceRanges that narrow something down and externalTrafficPolicy Cluster, be it set or by default.',
  why: "kube-proxy compares the ranges with the client's address when a packet comes in, and then puts the node's in its place, as the reply must come back there: the Pod's log, its own lists of addresses and network policies with an ipBlock see the node",
  mend: 'Set externalTrafficPolicy: Local where the Pods must know the client; the load balancer must keep the address in either case, or the ranges hold for the load balancer itself',
  invalid: [{ title: 'the Pods see the node', manifest: EXAMPLE('Cluster # ✗') }],
  valid: [{ title: 'the Pods see the client', manifest: EXAMPLE('Local') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const ranges = sourceRanges(service);
      if (ranges.length === 0 || ranges.some(({ prefixLength }) => prefixLength === 0)) continue;
      if (service.spec.externalTrafficPolicy === 'Local' || service.spec.type !== 'LoadBalancer') continue;
      yield {
        message: "the Pods see the node's address, and not that of the client",
        place: cluster.placeOf(service, ['spec', 'externalTrafficPolicy']),
      };
    }
  },
};
