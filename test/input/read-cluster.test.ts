import { afterEach, describe, expect, test } from 'vitest';
import { type ClusterList, readCluster } from '../../src/input/read-cluster.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import {
  answer,
  atFirst,
  type FakeKubectl,
  failure,
  fakeKubectl,
  serviceList,
} from '../support/fake-kubectl.ts';

const SERVICES: readonly ClusterList[] = [{ kind: 'Service' }];
const NODES = { kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'n' } }] };
const EXPIRED = failure('Error from server (Expired): The provided continue parameter is too old.');
const FORBIDDEN = (resource: string) =>
  failure(
    `Error from server (Forbidden): ${resource} is forbidden: User "eve" cannot list resource "${resource}"`,
  );

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

function read(answers: Record<string, string>, lists = SERVICES, flags = {}) {
  fake = fakeKubectl(answers);
  return readCluster({ lists, kubectl: { flags, env: { ...process.env, KUBECTL_PATH: fake.path } } });
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperationalError);
  return (error as Error).message;
}

const nameOf = ({ object }: { readonly object: Readonly<Record<string, unknown>> }) =>
  (object.metadata as { name: string }).name;

describe('lists', () => {
  test('come in pages, as objects of the cluster', async () => {
    const source = await read({
      '/api/v1/services?limit=500&resourceVersion=0': answer(serviceList(['a', 'b'], 'to+ken/2=')),
      '/api/v1/services?limit=500&continue=to%2Bken%2F2%3D': answer(serviceList(['c'])),
    });
    expect(source.objects.map(nameOf)).toEqual(['a', 'b', 'c']);
    expect(source.objects[2]).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'c', namespace: 'default' },
        spec: { clusterIP: '10.96.0.1' },
      },
      origin: { file: 'cluster', document: 1, path: [] },
    });
    expect(source.diagnostics).toEqual([]);
    expect(source.locate({ file: 'cluster', document: 1, path: [] }, ['spec'])).toBeUndefined();
  });

  test('are asked for by namespace and selector, with the flags of kubectl', async () => {
    await read(
      { '/api/v1/namespaces/prod/services?': answer(serviceList([])) },
      [
        {
          kind: 'Service',
          namespace: 'prod',
          labelSelector: 'app=web,tier!=a',
          fieldSelector: 'metadata.name=x',
        },
      ],
      { context: 'c', as: '-x', asGroup: ['g', 'h'], requestTimeout: '5s', kubeconfig: 'k k' },
    );
    expect(fake?.calls()).toEqual([
      'get --raw /api/v1/namespaces/prod/services?limit=500&resourceVersion=0&labelSelector=app%3Dweb%2Ctier%21%3Da' +
        '&fieldSelector=metadata.name%3Dx --context=c --kubeconfig=k k --as=-x --as-group=g --as-group=h --request-timeout=5s',
    ]);
  });

  test('of several kinds stand in the order of the request', async () => {
    const source = await read(
      { '/api/v1/services': `sleep 0.2; ${answer(serviceList(['a']))}`, '/api/v1/nodes': answer(NODES) },
      [{ kind: 'Service' }, { kind: 'Node' }, { kind: 'ServiceCIDR' }],
    );
    // An old API server does not serve ServiceCIDRs.
    expect(source.objects.map(({ kind }) => kind)).toEqual(['Service', 'Node']);
  });

  test('of more than 100 MB are no matter', async () => {
    const item = `'{"metadata":{"name":"a","annotations":{"x":"'"$(head -c 4000000 /dev/zero | tr '\\0' x)"'"}}}'`;
    const source = await read({
      '/api/v1/services': `item=${item}
        printf '%s' '{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":['
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26; do printf '%s,' "$item"; done
        printf '%s]}' "$item"`,
    });
    expect(source.objects).toHaveLength(27);
  }, 30_000);

  test('of which the rest has gone are begun again', async () => {
    const source = await read({
      '/api/v1/services?limit=500&resourceVersion=0': answer(serviceList(['a', 'b'], 'next')),
      '/api/v1/services?limit=500&continue=next': atFirst('gone', EXPIRED, answer(serviceList(['c']))),
    });
    expect(source.objects.map(nameOf)).toEqual(['a', 'b', 'c']);
    expect(fake?.calls()).toHaveLength(4);
  });

  test('of which the rest is gone each time are given up', async () => {
    const message = await messageOf(
      read({
        '/api/v1/services?limit=500&resourceVersion=0': answer(serviceList(['a', 'b'], 'next')),
        '/api/v1/services?limit=500&continue=next': EXPIRED,
      }),
    );
    expect(message).toBe(
      'the list of services was gone before it was read, 3 times: The provided continue parameter is too old',
    );
    expect(fake?.calls()).toHaveLength(6);
  });

  test('that an old server lacks cannot be lost later', async () => {
    const first = { kind: 'ServiceCIDRList', apiVersion: 'networking.k8s.io/v1', items: [{}] };
    const path = '/apis/networking.k8s.io/v1/servicecidrs?limit=500';
    const message = await messageOf(
      read(
        {
          [`${path}&resourceVersion=0`]: answer({ ...first, metadata: { continue: 'next' } }),
          [`${path}&continue=next`]: failure('Error from server (NotFound): no'),
        },
        [{ kind: 'ServiceCIDR' }],
      ),
    );
    expect(message).toBe('the cluster lost the list of servicecidrs: no');
  });

  test('are broken off where that is asked for', async () => {
    fake = fakeKubectl({ '/api/v1/services': 'exec sleep 30' });
    const kubectl = { flags: {}, env: { ...process.env, KUBECTL_PATH: fake.path } };
    const reading = readCluster({ lists: SERVICES, kubectl, signal: AbortSignal.timeout(200) });
    expect(await messageOf(reading)).toBe('the reading of the cluster was broken off');
  });

  test('that never end are given up', async () => {
    const message = await messageOf(read({ '/api/v1/services': answer(serviceList(['a'], 'next')) }));
    expect(message).toBe('the cluster never ends its list of services');
  });
});

describe('one sentence says', () => {
  test('all that the user may not list', async () => {
    const message = await messageOf(
      read(
        {
          '/api/v1/services': FORBIDDEN('services'),
          '/api/v1/nodes': `sleep 0.2; ${FORBIDDEN('nodes')}`,
          '/api/v1/pods': answer({ kind: 'PodList', apiVersion: 'v1', items: [] }),
        },
        [{ kind: 'Pod' }, { kind: 'Service' }, { kind: 'Node' }],
      ),
    );
    expect(message).toBe(
      'the cluster does not let you list services and nodes: services is forbidden: User "eve" cannot list resource ' +
        '"services" (deploy/rbac.yaml has a ClusterRole that does)',
    );
  });

  test.each([
    [
      'that the token has expired',
      failure('E1123 memcache.go:265 warning\nerror: You must be logged in to the server (Unauthorized)'),
      'the cluster does not accept the credentials, which may have expired: You must be logged in to the server (Unauthorized)',
    ],
    [
      'that there is no server',
      failure(
        'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
      ),
      'kubectl cannot reach the cluster: The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
    ],
    [
      'that the server does not answer',
      failure('Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded)'),
      'kubectl cannot reach the cluster: Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded)',
    ],
    [
      'that a flag is wrong',
      failure('error: context "nope" does not exist'),
      'kubectl failed: context "nope" does not exist',
    ],
    [
      'that the server does not have the kind',
      failure('Error from server (NotFound): the server could not find the requested resource'),
      'the cluster does not serve services: the server could not find the requested resource',
    ],
    [
      'that the answer breaks off',
      `printf '{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"meta'`,
      'kubectl gave no complete list of services: the list ends too early',
    ],
    [
      'that the connection breaks off',
      `printf '{"kind":"ServiceList","apiVersion":"v1","items":[{}'; ${failure('error: unexpected EOF')}`,
      'the connection to the cluster broke while kubectl listed services: unexpected EOF',
    ],
    ['that the answer is something else', 'echo hello', 'kubectl gave no complete list of services: '],
    ['that kubectl fails silently', 'exit 3', 'kubectl ended with status 3 while it listed services'],
    [
      'that kubectl was killed',
      `printf '{"kind":"ServiceList","apiVersion":"v1","items":[{}'; kill -9 $$`,
      'kubectl was killed by SIGKILL while it listed services',
    ],
  ])('%s', async (_, shell, expected) => {
    const message = await messageOf(read({ '/api/v1/services': shell }));
    expect(message.startsWith(expected), message).toBe(true);
    expect(message).not.toContain('\n');
  });

  test('that kubectl is missing', async () => {
    const lists = SERVICES;
    expect(await messageOf(readCluster({ lists, kubectl: { flags: {}, env: { PATH: '/nowhere' } } }))).toBe(
      'kubectl was not found; a cluster is read through kubectl, manifests are named with -f',
    );
    const env = { ...process.env, KUBECTL_PATH: '/nowhere/kubectl' };
    expect(await messageOf(readCluster({ lists, kubectl: { flags: {}, env } }))).toBe(
      'KUBECTL_PATH names /nowhere/kubectl, which was not found; a cluster is read through kubectl, manifests are named with -f',
    );
    expect(
      await messageOf(readCluster({ lists, kubectl: { flags: {}, env: { ...env, KUBECTL_PATH: '/' } } })),
    ).toMatch(/^KUBECTL_PATH names \/, which cannot be run \(EACCES\)/);
  });
});

test('a failure ends the other requests at once', async () => {
  const start = Date.now();
  const message = await messageOf(
    read({ '/api/v1/services': 'sleep 30', '/api/v1/nodes': `sleep 0.3; ${failure('error: broken')}` }, [
      { kind: 'Service' },
      { kind: 'Node' },
    ]),
  );
  expect(message).toBe('kubectl failed: broken');
  expect(Date.now() - start).toBeLessThan(10_000);
});
