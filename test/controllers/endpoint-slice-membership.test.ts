import { describe, expect, it } from 'vitest';
import type { Pod, ServiceSpec } from '../../src/apiserver/objects.ts';
import { formatMembershipReason } from '../../src/controllers/endpoint-slice-judgement.ts';
import { memberships } from '../../src/controllers/endpoint-slice-membership.ts';
import { podCluster } from '../../src/controllers/pod-cluster.ts';
import { clusterState, node, pod, podStatus, service } from './cluster-state.ts';

const IP = '10.244.0.1';
const SINCE = '2026-01-02T03:04:05Z';

/** `[standing, kind, text]` of one Pod, in each family. */
function why(changes: Partial<Pod>, spec: Partial<ServiceSpec> = {}, nodes = [node('n1')]): string[][] {
  const web = service('web', spec);
  const cluster = podCluster(clusterState({ services: [web], pods: [pod('p', IP, changes)], nodes }));
  return memberships(web, cluster).map(({ standing, reason }) => [
    standing,
    reason.kind,
    formatMembershipReason(reason),
  ]);
}

const terminating = { name: 'p', namespace: 'default', labels: { app: 'x' }, deletionTimestamp: SINCE };
const notReady = podStatus(IP, 'False');

describe('why a Pod is in or out', () => {
  it.each<[string, Partial<Pod>, string[]]>([
    ['ready', {}, ['ready', 'Ready', 'ready']],
    [
      'not ready',
      {
        status: {
          ...notReady,
          conditions: [
            {
              type: 'Ready',
              status: 'False',
              reason: 'ContainersNotReady',
              message: 'containers with unready status: [c]',
              lastTransitionTime: SINCE,
            },
          ],
        },
      },
      [
        'notReady',
        'NotReady',
        `not ready since ${SINCE}: ContainersNotReady, containers with unready status: [c]`,
      ],
    ],
    [
      'never reported',
      { status: { phase: 'Running', podIP: IP } },
      ['notReady', 'NotReady', 'not ready: no Ready condition was reported'],
    ],
    [
      'terminating, serving',
      { metadata: terminating },
      [
        'notReady',
        'Terminating',
        `terminating since ${SINCE}, but serving: gets connections only while no endpoint is ready`,
      ],
    ],
    [
      'terminating, not serving',
      { metadata: terminating, status: notReady },
      ['notReady', 'Terminating', `terminating since ${SINCE}, and not serving`],
    ],
    [
      'finished',
      { status: { ...podStatus(IP), phase: 'Succeeded' } },
      ['absent', 'Finished', 'phase Succeeded: its containers have stopped for good'],
    ],
    ['without status', { status: {} }, ['absent', 'NoAddress', 'no IP address yet (phase Pending)']],
    ['bound to no node', { spec: {} }, ['absent', 'Unscheduled', 'bound to no node']],
    ['on an unknown node', { spec: { nodeName: 'n2' } }, ['absent', 'NodeUnknown', 'there is no Node n2']],
    [
      'of the other family',
      { status: podStatus('FD00:0::1') },
      ['absent', 'WrongFamily', 'no IPv4 address, only fd00::1'],
    ],
    [
      'without the port',
      { spec: { nodeName: 'n1' } },
      ['portless', 'NoPort', 'has no container port named "http"'],
    ],
    [
      'with the port of another protocol',
      {
        spec: {
          nodeName: 'n1',
          containers: [{ ports: [{ name: 'http', containerPort: 1, protocol: 'UDP' }] }],
        },
      },
      ['portless', 'NoPort', 'has no container port named "http" for TCP: the one of that name is UDP'],
    ],
    [
      'with the port in an init container',
      { spec: { nodeName: 'n1', initContainers: [{ ports: [{ name: 'http', containerPort: 1 }] }] } },
      ['portless', 'NoPort', 'has no container port named "http": only an init container that ends has one'],
    ],
    [
      'with the port in a sidecar',
      {
        spec: {
          nodeName: 'n1',
          initContainers: [{ restartPolicy: 'Always', ports: [{ name: 'http', containerPort: 1 }] }],
        },
      },
      ['ready', 'Ready', 'ready'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(why(changes)).toEqual([expected]);
  });

  it('names the Ready condition of its Node', () => {
    const lines = why({ status: notReady }, {}, [node('n1', undefined, 'Unknown')]);
    expect(lines).toEqual([['notReady', 'NotReady', "not ready (its node's Ready condition is Unknown)"]]);
  });

  it('counts addresses that are not ready where they are published', () => {
    const published = { publishNotReadyAddresses: true };
    const text = (state: string) => `${state}, but publishNotReadyAddresses counts it as ready`;
    expect(why({ status: notReady }, published)).toEqual([['ready', 'Published', text('not ready')]]);
    expect(why({ metadata: terminating }, published)).toEqual([['ready', 'Published', text('terminating')]]);
    expect(why({}, published, [])).toEqual([['ready', 'Ready', 'ready']]);
  });

  it('tells all Pods of a slice that is refused', () => {
    const web = service('web');
    const pods = [pod('a', '10.244.0.1'), pod('b', '169.254.0.1')];
    const cluster = podCluster(clusterState({ services: [web], pods, nodes: [node('n1')] }));
    const text =
      'the API server refuses the slice with 169.254.0.1 of Pod b: it must not be a link-local address (169.254.0.0/16, fe80::/10)';
    const lines = memberships(web, cluster).map(({ standing, reason }) => [
      standing,
      formatMembershipReason(reason),
    ]);
    expect(lines).toEqual([
      ['absent', text],
      ['absent', text],
    ]);
  });

  it('judges each family', () => {
    expect(why({}, { ipFamilies: ['IPv6', 'IPv4'] }).map(([standing]) => standing)).toEqual([
      'ready',
      'absent',
    ]);
  });

  it('lists missing ports of a Pod that offers others', () => {
    const web = service('web', {
      ports: [
        { name: 'a', port: 80, protocol: 'TCP', targetPort: 'http' },
        { name: 'b', port: 81, protocol: 'TCP', targetPort: 'metrics' },
      ],
    });
    const cluster = podCluster(clusterState({ services: [web], pods: [pod('p', IP)], nodes: [node('n1')] }));
    const [member] = memberships(web, cluster);
    expect(member?.standing).toBe('ready');
    expect(member?.missingPorts.map(({ servicePort, targetPort }) => [servicePort, targetPort])).toEqual([
      ['b', 'metrics'],
    ]);
  });
});
