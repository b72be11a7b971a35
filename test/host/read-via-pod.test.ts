import { afterEach, describe, expect, test } from 'vitest';
import { readViaPod, type ViaPodOptions } from '../../src/host/read-via-pod.ts';
import type { KubectlFlags } from '../../src/input/kubectl.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { answer, type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';
import { prints } from './fake-tools.ts';
import * as texts from './texts.ts';

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

const PODS = '/api/v1/namespaces/kube-system/pods';
const NODES = '/api/v1/nodes';
const EXEC = 'exec --namespace kube-system kube-proxy-abc --container kube-proxy --';

interface PodParts {
  readonly name?: string;
  readonly phase?: string;
  readonly hostNetwork?: boolean;
  readonly containers?: readonly string[];
  readonly deleted?: boolean;
}

function podList(...pods: readonly PodParts[]): string {
  return answer({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: {},
    items: pods.map(
      ({ name = 'kube-proxy-abc', phase = 'Running', hostNetwork = true, containers, deleted }) => ({
        metadata: { name, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
        spec: { hostNetwork, containers: (containers ?? ['kube-proxy']).map((each) => ({ name: each })) },
        status: { phase },
      }),
    ),
  });
}

const nodeList = (...items: readonly object[]) =>
  answer({ kind: 'NodeList', apiVersion: 'v1', metadata: {}, items });

/** As runc says it through containerd. */
const notFound = (tool: string) =>
  failure(
    `error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "1f": OCI runtime exec failed: exec failed: unable to start container process: exec: "${tool}": executable file not found in $PATH: unknown`,
  );

/** A Pod whose container has both default tools and none for the variants. */
const TOOLS = {
  [PODS]: podList({}),
  [`${EXEC} iptables-save`]: prints(texts.NAT4),
  [`${EXEC} ip6tables-save`]: prints(texts.NAT_PLAIN),
  [`${EXEC} ip`]: notFound('a tool'),
};

function read(
  answers: Readonly<Record<string, string>>,
  { flags = {}, node = 'worker-1', ...options }: ViaPodOptions & { flags?: KubectlFlags; node?: string } = {},
) {
  fake = fakeKubectl(answers);
  return readViaPod(node, { flags, env: { ...process.env, KUBECTL_PATH: fake.path } }, options);
}

async function refusal(answers: Readonly<Record<string, string>>, node = 'worker-1'): Promise<string> {
  const error = await read(answers, { node }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OperationalError);
  return (error as Error).message;
}

describe('iptables-save in the Pod', () => {
  test('of both families', async () => {
    const place = 'Pod kube-system/kube-proxy-abc';
    expect(await read(TOOLS)).toEqual({
      node: 'worker-1',
      texts: [
        {
          tool: 'iptables-save',
          family: 'IPv4',
          text: texts.NAT4,
          command: 'iptables-save',
          origin: `iptables-save of ${place}`,
        },
        {
          tool: 'iptables-save',
          family: 'IPv6',
          text: texts.NAT_PLAIN,
          command: 'ip6tables-save',
          origin: `ip6tables-save of ${place}`,
        },
      ],
      notes: [],
    });
    const [pods] = fake?.calls() ?? [];
    const query = new URL(`http://x${pods?.replace('get --raw ', '')}`).searchParams;
    expect(query.get('labelSelector')).toBe('k8s-app=kube-proxy');
    expect(query.get('fieldSelector')).toBe('spec.nodeName=worker-1');
  });

  test("kubectl's flags do not become the tool's", async () => {
    const flags = { context: 'prod', as: 'eve' };
    const start =
      'exec --context=prod --as=eve --namespace kube-system kube-proxy-abc --container kube-proxy --';
    await read(
      {
        [PODS]: podList({}),
        [`${start} iptables-save`]: prints(texts.NAT4),
        [start]: notFound('a tool'),
      },
      { flags },
    );
    const calls = fake?.calls() ?? [];
    expect(calls[0]).toMatch(/ --context=prod --as=eve$/);
    expect(calls).toContain(`${start} iptables-save`);
    expect(calls).toContain(`${start} ip6tables-legacy-save`);
  });

  test('is what kube-proxy uses, whatever the other variant has', async () => {
    const more = texts.NAT4.replace('COMMIT', '-A KUBE-SERVICES -j RETURN\nCOMMIT');
    const { texts: found, notes } = await read({
      ...TOOLS,
      [`${EXEC} iptables-nft-save`]: prints(texts.NAT4),
      [`${EXEC} iptables-legacy-save`]: prints(more),
    });
    expect(found[0]?.text).toBe(texts.NAT4);
    expect(notes.map(({ code }) => code)).toEqual(['BothIptablesVariants']);
  });

  test('other tools', async () => {
    const { texts: found, localAddresses } = await read(
      { ...TOOLS, [`${EXEC} ipset save`]: prints(texts.IPSET), [`${EXEC} ip addr`]: prints(texts.IP_ADDR) },
      { tools: ['ipset-save', 'ip-addr'] },
    );
    expect(found.map(({ tool }) => tool)).toEqual(['ipset-save', 'ip-addr']);
    expect(localAddresses).toEqual(texts.LOCAL_ADDRESSES);
  });
});

describe('the Pod', () => {
  const ways = 'run --host on the node, or save its rules there and give them with --dump';

  test('is not there', async () => {
    const label = 'has no Pod with the label k8s-app=kube-proxy in kube-system';
    const none = { [PODS]: podList() };
    const linux = { metadata: { name: 'worker-1' }, status: { nodeInfo: { operatingSystem: 'linux' } } };
    const windows = { ...linux, status: { nodeInfo: { operatingSystem: 'windows' } } };
    const labelled = { metadata: { name: 'worker-1', labels: { 'kubernetes.io/os': 'windows' } } };
    expect(await refusal({ ...none, [NODES]: nodeList(linux) })).toBe(`worker-1 ${label}; ${ways}`);
    for (const node of [windows, labelled]) {
      expect(await refusal({ ...none, [NODES]: nodeList(node) })).toBe(
        'worker-1 runs Windows, where kube-proxy writes none of these rules',
      );
    }
    expect(await refusal({ ...none, [NODES]: nodeList() })).toBe('the cluster has no Node worker-1');
    const forbidden = failure('Error from server (Forbidden): nodes is forbidden');
    expect(await refusal({ ...none, [NODES]: forbidden })).toBe(`worker-1 ${label}; ${ways}`);
  });

  test('may not be looked for', async () => {
    const forbidden = failure('Error from server (Forbidden): pods is forbidden: User "eve" cannot list');
    expect(await refusal({ [PODS]: forbidden })).toContain(
      'the cluster does not let you list pods of namespace kube-system: pods is forbidden',
    );
  });

  test('is one of several', async () => {
    const { texts: found, notes } = await read({ ...TOOLS, [PODS]: podList({ name: 'kube-proxy-xyz' }, {}) });
    expect(found).toHaveLength(2);
    expect(notes.map(({ message }) => message)).toEqual([
      '2 kube-proxy Pods run on worker-1: kube-proxy-abc, kube-proxy-xyz; the rules are read in kube-proxy-abc',
    ]);
  });

  test('is the one that is not on its way out', async () => {
    const pods = podList(
      { name: 'kube-proxy-aaa', deleted: true },
      { name: 'kube-proxy-aab', phase: 'Failed' },
      {},
    );
    expect((await read({ ...TOOLS, [PODS]: pods })).notes).toEqual([]);
  });

  test('does not run', async () => {
    expect(await refusal({ [PODS]: podList({ phase: 'Pending' }, { name: 'b', deleted: true }) })).toBe(
      `no kube-proxy Pod runs on worker-1: b is being deleted, kube-proxy-abc is "Pending"; ${ways}`,
    );
  });

  test("cannot see the node's rules", async () => {
    expect(await refusal({ [PODS]: podList({ hostNetwork: false }) })).toBe(
      `Pod kube-system/kube-proxy-abc has a network of its own and cannot see the rules of worker-1: ${ways}`,
    );
  });

  test('has a container of another name', async () => {
    const start = EXEC.replace('--container kube-proxy', '--container proxy');
    const answers = { ...TOOLS, [start]: notFound('x'), [`${start} iptables-save`]: prints(texts.NAT4) };
    expect((await read({ ...answers, [PODS]: podList({ containers: ['proxy'] }) })).texts).toHaveLength(1);
    expect(await refusal({ [PODS]: podList({ containers: ['a', 'b'] }) })).toBe(
      'Pod kube-system/kube-proxy-abc has no container named kube-proxy',
    );
  });

  test.each(['--all', '../nodes', 'a b', ''])('has a name that is none: %j', async (name) => {
    expect(await refusal({ [PODS]: podList({ name }) })).toContain('which is no name of a Pod');
    expect(await refusal({ [PODS]: podList({}) }, name)).toContain('is no name of a Node');
    expect(fake?.path).toBeDefined();
  });

  test('has a container whose name is none', async () => {
    expect(await refusal({ [PODS]: podList({ containers: ['--stdin'] }) })).toContain(
      'has no container named',
    );
  });
});

describe('a tool in the Pod', () => {
  const failing = (shell: string) => ({ ...TOOLS, [`${EXEC} iptables-save`]: shell });
  const place = 'Pod kube-system/kube-proxy-abc';

  test('may not be run', async () => {
    const forbidden = failure(
      'Error from server (Forbidden): pods "kube-proxy-abc" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "kube-system"',
    );
    expect(await refusal({ [PODS]: podList({}), [EXEC]: forbidden })).toMatch(
      /^the cluster does not let you run ip6?tables-save in Pod kube-system\/kube-proxy-abc: pods "kube-proxy-abc" is forbidden: .* \(it needs create on pods\/exec\)$/,
    );
  });

  test.each([
    ['runc', notFound('iptables-save')],
    ['crun', failure('error: executable file `iptables-save` not found in $PATH: No such file or directory')],
    ['a shell', failure('sh: iptables-save: not found\ncommand terminated with exit code 127')],
  ])('is missing, as %s says it', async (_, shell) => {
    expect(await refusal({ [PODS]: podList({}), [EXEC]: shell })).toBe(
      `container kube-proxy of ${place} has no iptables-save`,
    );
  });

  test('fails', async () => {
    const shell = failure(
      'iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\ncommand terminated with exit code 4',
    );
    expect(await refusal(failing(shell))).toBe(
      `iptables-save failed: Could not fetch rule set generation id: Permission denied (you must be root) in ${place}; the container is not privileged`,
    );
  });

  test.each([
    [
      'the tool is killed',
      failure('command terminated with exit code 137'),
      `iptables-save in ${place} was killed (status 137) before it had printed all rules`,
    ],
    [
      'kubectl is killed',
      'kill -KILL $$',
      `kubectl was killed by SIGKILL while it ran iptables-save in ${place}`,
    ],
    [
      'the connection breaks',
      failure('error: unexpected EOF'),
      `the connection to the cluster broke while kubectl ran iptables-save in ${place}: unexpected EOF`,
    ],
    [
      'kubectl ends well',
      'exit 0',
      `iptables-save of ${place} did not print all rules: table nat has no COMMIT: the end is missing (line 1)`,
    ],
  ])('prints half of it because %s', async (_, shell, message) => {
    const half = texts.NAT4.replace('COMMIT\n', '');
    expect(await refusal(failing(`${prints(half)}\n${shell}`))).toBe(message);
  });

  test('the Pod goes away meanwhile', async () => {
    const gone = failure('Error from server (NotFound): pods "kube-proxy-abc" not found');
    expect(await refusal(failing(gone))).toBe(`${place} has gone: pods "kube-proxy-abc" not found`);
  });

  test('is broken off', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const reading = read(failing('exec sleep 60'), { signal: stop.signal });
    await expect(reading).rejects.toBeInstanceOf(OperationalError);
  });
});
