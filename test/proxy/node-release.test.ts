import { expect, test } from 'vitest';
import type { Node } from '../../src/apiserver/objects.ts';
import { kubeletVersion, releaseOfNode } from '../../src/proxy/node-release.ts';

function node(version?: string): Node {
  const status = version === undefined ? {} : { status: { nodeInfo: { kubeletVersion: version } } };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' }, ...status };
}

test.each([
  ['v1.33.1', '1.33'],
  ['v1.25.16-eks-ba74326', '1.25'],
  ['v1.31.5+k3s1', '1.31'],
  ['v1.28.3-gke.1286000', '1.28'],
])('a node with kubelet %s has kube-proxy %s', (version, release) => {
  expect(kubeletVersion(node(version))).toBe(version);
  const { release: found, diagnostics } = releaseOfNode(node(version));
  expect([found.name, diagnostics]).toEqual([release, []]);
});

test.each([
  [
    'another release',
    node('v1.24.17'),
    'its kubelet is v1.24.17, and that release of kube-proxy is not supported',
  ],
  [
    'a later release',
    node('v1.370.0'),
    'its kubelet is v1.370.0, and that release of kube-proxy is not supported',
  ],
  ['no release', node(''), 'it does not tell the release of its kubelet'],
  ['no status', node(), 'it does not tell the release of its kubelet'],
  ['no node', undefined, 'there is no Node that tells the release of its kube-proxy'],
])('%s leads to the newest with a note', (_, subject, reason) => {
  const { release, diagnostics } = releaseOfNode(subject);
  expect(release.name).toBe('1.37');
  expect(diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
    ['note', `${reason}; the rules are those of 1.37`],
  ]);
});
