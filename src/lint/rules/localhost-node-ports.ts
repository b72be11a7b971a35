/** Node ports on loopback, for which the kernel's guard of loopback addresses is taken down. */
import { containsIP, parseCIDR, parseIP } from '../../shared/ip.ts';
import { placeInSource } from '../linted-cluster.ts';
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import { fieldsOf } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';

const LOOPBACK = parseIP('127.0.0.1') as Uint8Array;

export const localhostNodePorts: LintRule = {
  id: 'localhost-node-ports',
  title: 'Node ports are open on 127.0.0.1',
  severity: 'note',
  what: 'Looks at each KubeProxyConfiguration of mode iptables: localhostNodePorts, which is true unless it is set to false, with nodePortAddresses that reach to 127.0.0.1, as all do by default.',
  why: 'kube-proxy sets route_localnet, so that the kernel takes packets to 127.0.0.0/8 from the network. kube-proxy drops those that hosts on the same network send (CVE-2020-8558), but as long as its rules are there, and only those',
  mend: 'Set iptables.localhostNodePorts: false, unless something on the nodes uses node ports by 127.0.0.1',
  invalid: [
    {
      title: 'it is asked for',
      manifest: `${EXAMPLE_CONFIGURATION}mode: iptables
nodePortAddresses: [192.0.2.0/24, 127.0.0.0/8]
iptables:
  localhostNodePorts: true # ✗
`,
    },
  ],
  valid: [
    {
      title: 'node ports are not open there',
      manifest: `${EXAMPLE_CONFIGURATION}mode: iptables
iptables:
  localhostNodePorts: false
`,
    },
  ],
  *check(cluster) {
    for (const { source, configuration } of proxyConfigurations(cluster)) {
      if (configuration === undefined || (configuration.mode ?? 'iptables') !== 'iptables') continue;
      if (!configuration.iptables.localhostNodePorts || !reachesLoopback(configuration.nodePortAddresses))
        continue;
      const isSet = fieldsOf(source.object.iptables).localhostNodePorts === true;
      yield {
        message: isSet ? 'node ports are open on 127.0.0.1' : 'node ports are open on 127.0.0.1 by default',
        place: placeInSource(source, ['iptables', 'localhostNodePorts']),
      };
    }
  },
};

function reachesLoopback(addresses: readonly string[]): boolean {
  if (addresses.length === 0) return true;
  return addresses.some((text) => {
    const cidr = parseCIDR(text);
    return text === 'all' || text === 'localhost' || (cidr !== undefined && containsIP(cidr, LOOPBACK));
  });
}
