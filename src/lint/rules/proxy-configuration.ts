/** What kube-proxy refuses of its configuration. `proxy/` finds it; here it becomes findings. */
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import type { LintRule } from '../rule.ts';

export const proxyConfiguration: LintRule = {
  id: 'proxy-configuration',
  title: 'kube-proxy refuses its configuration',
  severity: 'error',
  what: 'Validates each KubeProxyConfiguration as kube-proxy 1.37 does, as far as it decides which rules are made.',
  why: 'kube-proxy does not start, and the node gets no rules, or keeps those that it had',
  mend: 'Change the field as the message says',
  invalid: [{ title: 'there is no such mode', manifest: `${EXAMPLE_CONFIGURATION}mode: iptable # ✗\n` }],
  valid: [{ title: 'the mode has its name', manifest: `${EXAMPLE_CONFIGURATION}mode: nftables\n` }],
  *check(cluster) {
    for (const { diagnostics } of proxyConfigurations(cluster)) {
      for (const { message, why, mend, object, origin, path = [], field } of diagnostics) {
        yield { message, why, mend, place: { object, origin, path, field } };
      }
    }
  },
};
