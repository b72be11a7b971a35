/** `explain` without `-f`: what it asks a cluster for. */
import { afterEach, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, fakeKubectl } from '../support/fake-kubectl.ts';

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

const list = (kind: string, items: readonly unknown[], apiVersion = 'v1') =>
  answer({ kind: `${kind}List`, apiVersion, metadata: {}, items });

const CLUSTER = {
  '/api/v1/services?': list('Service', [
    {
      metadata: { name: 'web', namespace: 'prod' },
      spec: {
        clusterIP: '10.96.0.2',
        clusterIPs: ['10.96.0.2'],
        ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
        selector: { app: 'web' },
      },
    },
  ]),
  '/api/v1/namespaces/prod/pods?': list('Pod', [
    { metadata: { name: 'a', namespace: 'prod', labels: { app: 'wev' } }, status: { podIP: '10.0.0.1' } },
  ]),
  '/apis/discovery.k8s.io/v1/endpointslices?': list('EndpointSlice', [], 'discovery.k8s.io/v1'),
  '/api/v1/nodes?': list('Node', [
    {
      metadata: { name: 'n' },
      status: {
        addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
        nodeInfo: { kubeletVersion: 'v1.33.0' },
      },
    },
  ]),
  'config view': 'printf prod',
};

it('asks for the Pods of the namespace, which tell why there are no endpoints', async () => {
  fake = fakeKubectl(CLUSTER);
  const { status, stdout, stderr } = await runCaptured(['explain', 'svc/web'], {
    ...process.env,
    KUBECTL_PATH: fake.path,
  });
  expect(status, stderr).toBe(0);
  expect(
    stdout,
  ).toBe(`prod/web has no endpoints: its selector app=web matches no Pod of prod; there are Pods with app=wev
prod/web  ClusterIP, Cluster policy, no affinity
├─ selects Pods with app=web
├─ 10.96.0.2:80 → 8080
├─ no endpoints
├─ new connections
│   from Pods, the node, outside  to 10.96.0.2:80  REJECT with icmp-port-unreachable
├─ carried by no chain of its own
└─ as n has it, by kube-proxy 1.33
`);
});
