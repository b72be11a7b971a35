/** A mode of kube-proxy that is gone, or will be. */
import { placeInSource } from '../linted-cluster.ts';
import { EXAMPLE_CONFIGURATION, proxyConfigurations } from '../proxy-configurations.ts';
import type { LintRule } from '../rule.ts';

export const proxyModeRemoved: LintRule = {
  id: 'proxy-mode-removed',
  title: "kube-proxy's mode is removed or deprecated",
  severity: 'error',
  what: 'Looks at the mode of each KubeProxyConfiguration: userspace, gone since 1.26, is an error; ipvs, deprecated from 1.35 on, a note.',
  why: 'kube-proxy does not start with a mode that it does not know, and the node gets no rules',
  mend: 'Set mode: nftables on kernels from 5.13 on, else mode: iptables',
  invalid: [
    { title: 'userspace is gone', manifest: `${EXAMPLE_CONFIGURATION}mode: userspace # ✗\n` },
    { title: 'ipvs is deprecated', manifest: `${EXAMPLE_CONFIGURATION}mode: ipvs # ✗\n` },
  ],
  valid: [{ title: 'nftables is the successor', manifest: `${EXAMPLE_CONFIGURATION}mode: nftables\n` }],
  *check(cluster) {
    for (const { source, configuration } of proxyConfigurations(cluster)) {
      const place = placeInSource(source, ['mode']);
      if (configuration?.mode === 'userspace') {
        yield { message: 'mode userspace is not there any more since 1.26', place };
      } else if (configuration?.mode === 'ipvs') {
        const why = 'It works for now, but gets no new features and will be removed';
        yield { severity: 'note', message: 'mode ipvs is deprecated from 1.35 on', why, place };
      }
    }
  },
};
