/** Source ranges that the Service's own node ports get around. */
import type { LintRule } from '../rule.ts';
import { exampleWithRanges, sourceRanges } from '../source-ranges.ts';

export const sourceRangesNodePorts: LintRule = {
  id: 'source-ranges-node-ports',
  title: 'Source ranges do not hold for the node ports of a load balancer',
  severity: 'note',
  what: 'Looks for Services with loadBalancerSourceRanges that narrow something down and that have node ports, too, as they do unless allocateLoadBalancerNodePorts is false.',
  why: "kube-proxy filters only what goes to the load balancer's address: who reaches a node reaches the Service by its node port from anywhere",
  mend: 'Set allocateLoadBalancerNodePorts: false if the load balancer sends straight to Pods or by its own address, or keep others from the node ports by a firewall',
  invalid: [
    {
      title: 'the node port is open to everybody',
      manifest: exampleWithRanges(['192.0.2.0/24'])
        .replace('Ranges:', 'Ranges: # ✗')
        .replace('  allocateLoadBalancerNodePorts: false\n', ''),
    },
  ],
  valid: [{ title: 'there is no node port', manifest: exampleWithRanges(['192.0.2.0/24']) }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const ranges = sourceRanges(service);
      if (ranges.length === 0 || ranges.some(({ prefixLength }) => prefixLength === 0)) continue;
      if (!service.spec.ports?.some(({ nodePort }) => nodePort)) continue;
      yield {
        message: 'the ranges do not hold for the node ports of the Service',
        place: cluster.placeOf(service, ['spec', 'loadBalancerSourceRanges']),
      };
    }
  },
};
