/** Node ports on every address of a node, those of outer networks too. */
import { placeInSource } from '../linted-cluster.ts';
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (
  mark: string,
  rest: string,
) => `${EXAMPLE_CONFIGURATION.replace('\n', `${mark}\n`)}mode: iptables
iptables: {localhostNodePorts: false}
${rest}---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports:
    - port: 80
`;

export const nodePortsOnAllAddresses: LintRule = {
  id: 'node-ports-on-all-addresses',
  title: 'Node ports are open on every address of the nodes',
  severity: 'note',
  what: 'Looks at each KubeProxyConfiguration of mode iptables or ipvs without nodePortAddresses, where Services of the input have node ports. Mode nftables uses the primary address by default.',
  why: 'A node with an address in an outer network serves its node ports there, too, past whatever guards the load balancer',
  mend: 'Set nodePortAddresses to the networks that are meant, or to primary',
  invalid: [{ title: 'nothing says where', manifest: MANIFEST(' # ✗', '') }],
  valid: [{ title: 'only the primary address', manifest: MANIFEST('', 'nodePortAddresses: [primary]\n') }],
  *check(cluster) {
    const hasNodePorts = cluster.admitted.services.some(({ spec }) =>
      spec.ports?.some((port) => port.nodePort),
    );
    if (!hasNodePorts) return;
    for (const { source, configuration } of proxyConfigurations(cluster)) {
      if (configuration === undefined || configuration.mode === 'nftables') continue;
      if (configuration.mode === 'userspace' || configuration.nodePortAddresses.length > 0) continue;
      yield {
        message: 'node ports are open on every address of the nodes',
        place: placeInSource(source, ['nodePortAddresses']),
      };
    }
  },
};
