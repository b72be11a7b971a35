/** Healthy nodes that are taken for dead. */
import { DEFAULT_NODE_MONITOR_GRACE_PERIOD, missProbability } from '../../controllers/node-lifecycle.ts';
import { gracePeriod, reportIntervals } from '../node-reports.ts';
import type { LintRule } from '../rule.ts';

const MANAGER = (flag: string) => `apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager, namespace: kube-system}
spec:
  hostNetwork: true
  containers:
    - name: kube-controller-manager
      image: registry.k8s.io/kube-controller-manager:v1.34.1
      command:
        - kube-controller-manager
        - --leader-elect=true
        - ${flag}
`;

export const nodeHeartbeats: LintRule = {
  id: 'node-heartbeats',
  title: 'The controllers wait for a node not much longer than its reports take',
  severity: 'error',
  what: "Reads --node-monitor-grace-period from kube-controller-manager's Pod (or its release's default: 50 s since 1.32, 40 s before) and how often kubelets report from KubeletConfiguration (nodeLeaseDurationSeconds, nodeStatusReportFrequency, nodeStatusUpdateFrequency; by default every 10 s). Reports are taken to arrive after two to five intervals, 20 s to 50 s by default, as they do under load. An error where the flag is set and more than one of ten reports comes too late, else a warning. Silent where the input has neither of the two.",
  why: 'A node whose report is late counts as dead: all its Pods become not ready at once, their endpoints go away and come back, and established connections of others move',
  mend: 'Set --node-monitor-grace-period of kube-controller-manager to 60s to 120s for the default intervals',
  invalid: [
    {
      title: 'one of three reports is later than 40 s',
      manifest: MANAGER('--node-monitor-grace-period=40s # ✗'),
    },
    {
      title: 'the kubelets renew their Leases every 30 s only',
      manifest: `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
nodeLeaseDurationSeconds: 120 # ✗
`,
    },
  ],
  valid: [{ title: 'there is time for a late report', manifest: MANAGER('--node-monitor-grace-period=60s') }],
  *check(cluster) {
    const intervals = reportIntervals(cluster);
    const grace = gracePeriod(cluster);
    const place = grace?.place ?? intervals.place;
    if (place === undefined) return;
    const wait = grace?.gracePeriod ?? DEFAULT_NODE_MONITOR_GRACE_PERIOD;
    const { minimumInterval, maximumInterval } = intervals;
    const { perInterval, timesPerHour } = missProbability({ ...intervals, gracePeriod: wait });
    if (perInterval === 0) return;
    const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;
    const range = `${seconds(minimumInterval)} to ${seconds(maximumInterval)}`;
    const advised = `${Math.ceil((maximumInterval * 1.2) / 1000)}s to ${Math.ceil((maximumInterval * 2.4) / 1000)}s`;
    yield {
      severity: grace?.isExplicit && perInterval > 0.1 ? 'error' : 'warning',
      message: `with reports every ${range}, ${Math.round(perInterval * 100)} % come later than ${seconds(wait)}: a healthy node is taken for dead ${times(timesPerHour)} an hour`,
      mend: `Set --node-monitor-grace-period of kube-controller-manager to ${advised}`,
      place,
    };
  },
};

function times(count: number): string {
  return count < 1 ? `${Math.round(count * 100) / 100} times` : `${Math.round(count)} times`;
}
