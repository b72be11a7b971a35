import { afterEach, describe, expect, test } from 'vitest';
import { readLiveProxyConfiguration } from '../../src/input/read-live-proxy-configuration.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { answer, type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

function read(shell: string) {
  fake = fakeKubectl({ '/api/v1/namespaces/kube-system/configmaps/kube-proxy': shell });
  return readLiveProxyConfiguration({ flags: {}, env: { ...process.env, KUBECTL_PATH: fake.path } });
}

const configMap = (data: unknown) => answer({ kind: 'ConfigMap', apiVersion: 'v1', data });
const HEAD = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

test('the configuration stands under config.conf', async () => {
  const source = await read(configMap({ 'config.conf': `${HEAD}mode: nftables\n`, 'kubeconfig.conf': 'x' }));
  const origin = { file: 'ConfigMap kube-system/kube-proxy, config.conf', document: 1, path: [] };
  expect(source.objects).toEqual([
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      object: {
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        mode: 'nftables',
      },
      origin,
    },
  ]);
  expect(source.diagnostics).toEqual([]);
  expect(source.locate(origin, ['mode'])).toEqual({ line: 3, column: 1 });
  expect(source.locate({ ...origin, file: 'cluster' }, ['mode'])).toBeUndefined();
});

test('a configuration that is no YAML is a diagnostic with its line', async () => {
  const source = await read(configMap({ 'config.conf': `${HEAD}mode: [\n` }));
  expect(source.objects).toEqual([]);
  expect(source.diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['error', 'YAMLSyntax']]);
  const [{ origin, path } = {}] = source.diagnostics;
  expect(origin?.file).toBe('ConfigMap kube-system/kube-proxy, config.conf');
  expect(origin && source.locate(origin, path ?? [])?.line).toBeGreaterThan(2);
});

describe('a note says that', () => {
  const defaults = "; kube-proxy's defaults are taken";
  test.each([
    [
      'there is none',
      failure('Error from server (NotFound): configmaps "kube-proxy" not found'),
      `the cluster has no ConfigMap kube-system/kube-proxy${defaults}`,
    ],
    [
      'it may not be read',
      failure('Error from server (Forbidden): configmaps "kube-proxy" is forbidden: User "eve" cannot get'),
      `ConfigMap kube-system/kube-proxy may not be read: configmaps "kube-proxy" is forbidden: User "eve" cannot get${defaults}`,
    ],
    [
      'it has no data',
      configMap(undefined),
      `ConfigMap kube-system/kube-proxy has no key config.conf${defaults}`,
    ],
    [
      'it holds something else',
      configMap({ 'config.conf': 'kind: Other\napiVersion: v1\n' }),
      `ConfigMap kube-system/kube-proxy, config.conf has no KubeProxyConfiguration${defaults}`,
    ],
  ])('%s', async (_, shell, message) => {
    const source = await read(shell);
    expect(source.objects).toEqual([]);
    expect(source.diagnostics.map((diagnostic) => [diagnostic.severity, diagnostic.message])).toEqual([
      ['note', message],
    ]);
  });
});

test.each([
  ['the cluster cannot be asked', failure('error: You must be logged in to the server (Unauthorized)')],
  ['the answer breaks off', `printf '{"kind":"ConfigMap","data":{"conf'`],
  ['kubectl is killed', 'kill -9 $$'],
  ['the answer never ends', 'cat /dev/zero'],
])('it fails where %s', async (_, shell) => {
  await expect(read(shell)).rejects.toThrow(OperationalError);
});
