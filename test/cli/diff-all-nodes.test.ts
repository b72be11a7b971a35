/** `diff --all-nodes --via-pod`: a cluster whose nodes are read through their kube-proxy Pods. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { loadAll } from 'js-yaml';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { run as runMain } from '../../src/cli/main.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, failure, fakeKubectl, quote } from '../support/fake-kubectl.ts';

const SHOP = 'fixtures/diffs/shop';

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const items = loadAll(readFileSync(`${SHOP}/cluster.yaml`, 'utf8')) as readonly Item[];
const workers = items.filter(({ kind }) => kind === 'Node');
const list = (kind: string, objects: readonly unknown[], apiVersion = 'v1') =>
  answer({ kind: `${kind}List`, apiVersion, metadata: {}, items: objects });

const nodeNamed = (name: string, kubelet: string): Item => ({
  ...(workers[1] as Item),
  metadata: { ...(workers[1] as Item).metadata, name },
  ...{ status: { nodeInfo: { kubeletVersion: kubelet } } },
});

const pod = (node: string) => ({
  metadata: { name: `proxy-${node}` },
  spec: { hostNetwork: true, containers: [{ name: 'kube-proxy' }] },
  status: { phase: 'Running' },
});

const podsOf = (node: string) =>
  `/api/v1/namespaces/kube-system/pods?limit=500&resourceVersion=0&labelSelector=k8s-app%3Dkube-proxy&fieldSelector=spec.nodeName%3D${node}`;
const tool = (node: string, name: string) =>
  `exec --namespace kube-system proxy-${node} --container kube-proxy -- ${name}`;
const prints = (text: string) => `printf %s ${quote(text)}`;

const folder = mkdtempSync(join(tmpdir(), 'svcrules-all-nodes-'));
afterAll(() => rmSync(folder, { recursive: true }));
let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

const CLUSTER = {
  '/api/v1/services?': list(
    'Service',
    items.filter(({ kind }) => kind === 'Service'),
  ),
  '/apis/discovery.k8s.io/v1/endpointslices?': list(
    'EndpointSlice',
    items.filter(({ kind }) => kind === 'EndpointSlice'),
    'discovery.k8s.io/v1',
  ),
  '/api/v1/namespaces/kube-system/configmaps/kube-proxy': answer({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'kube-proxy', namespace: 'kube-system' },
    data: { 'config.conf': readFileSync(`${SHOP}/config.yaml`, 'utf8') },
  }),
};

/** Each node's own rules, as `compile` prints them. */
async function rulesOf(
  nodes: readonly Item[],
  releases: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const { metadata } of nodes) {
    const { name } = metadata;
    answers[podsOf(name)] = list('Pod', [pod(name)]);
    answers[tool(name, '')] = failure('exec failed: "tool": executable file not found in $PATH');
    for (const [family, save] of [
      ['ipv4', 'iptables-save'],
      ['ipv6', 'ip6tables-save'],
    ] as const) {
      answers[tool(name, save)] = prints(
        await compiled(nodes, '--node', name, '--kube-version', releases[name] ?? '1.37', '--family', family),
      );
    }
  }
  return answers;
}

async function compiled(nodes: readonly Item[], ...flags: readonly string[]): Promise<string> {
  const input = join(folder, 'cluster.json');
  const others = items.filter(({ kind }) => kind !== 'Node');
  writeFileSync(input, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...nodes, ...others] }));
  const files = ['-f', input, '--proxy-config', `${SHOP}/config.yaml`];
  const { status, stdout, stderr } = await runCaptured(['compile', ...files, ...flags]);
  expect(status, stderr).toBe(0);
  return stdout;
}

function start(nodes: readonly Item[], answers: Readonly<Record<string, string>>): FakeKubectl {
  fake?.remove();
  fake = fakeKubectl({ ...CLUSTER, '/api/v1/nodes?': list('Node', nodes), ...answers });
  return fake;
}

function diff(nodes: readonly Item[], answers: Readonly<Record<string, string>>, ...argv: string[]) {
  const { path } = start(nodes, answers);
  const env = { ...process.env, KUBECTL_PATH: path };
  return runCaptured(['diff', '--all-nodes', '--via-pod', ...argv], env);
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const NODES = NAMES.map((name) => nodeNamed(name, 'v1.37.2'));

describe('diff --all-nodes', () => {
  it('groups equal nodes and names the odd one first', async () => {
    const answers = await rulesOf(NODES, {});
    const equal = await diff(NODES, answers);
    expect(equal.stdout, equal.stderr).toBe(
      `all 6 nodes are right\n\na, b, c, d, e, f · iptables · kube-proxy 1.37 · read via kube-proxy: the rules of all 7 Services are right\n`,
    );
    expect(equal).toMatchObject({ status: 0, stderr: '' });
    const save = tool('d', 'iptables-save');
    const stale = (answers[save] as string).replace('tion 10.244.2.9:8080', 'tion 10.1.2.3:8080');
    const { status, stdout } = await diff(NODES, { ...answers, [save]: stale });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^1 of 6 nodes differs\n\nd · .*: 1 of 7 Services differs\n/);
    expect(stdout).toContain('10.1.2.3:8080, which is no endpoint');
    expect(stdout).toContain('\na, b, c, e, f · ');
  });

  it('takes the release of each kubelet, and says where it does not know it', async () => {
    const nodes = [nodeNamed('old', 'v1.26.1'), nodeNamed('new', 'v1.37.0'), nodeNamed('odd', 'v9.1.0')];
    const { status, stdout, stderr } = await diff(nodes, await rulesOf(nodes, { old: '1.26' }));
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('old · iptables · kube-proxy 1.26');
    expect(stdout).toContain('new, odd · iptables · kube-proxy 1.37');
    expect(stderr).toMatch(/^odd: .*its kubelet is v9\.1\.0/);
    expect(stderr.match(/kubelet/g)).toHaveLength(1);
  });

  it('says which nodes cannot be read; exits with 2, or with 1 where another differs', async () => {
    const answers = await rulesOf(NODES, {});
    const forbidden = failure('Error from server (Forbidden): pods "proxy-b" is forbidden: no exec');
    const lost = { ...answers, [tool('b', '')]: forbidden, [podsOf('c')]: list('Pod', []) };
    delete lost[tool('b', 'iptables-save')];
    delete lost[tool('b', 'ip6tables-save')];
    const { status, stdout } = await diff(NODES, lost);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^2 of 6 nodes differ or cannot be compared\n/);
    expect(stdout).toMatch(/\nb: not compared: the cluster does not let you run ip6?tables-save/);
    expect(stdout).toMatch(/\nc: not compared: c has no Pod with the label/);
    expect(stdout).toContain('\na, d, e, f · ');
    const save = tool('d', 'iptables-save');
    const stale = (answers[save] as string).replace('tion 10.244.2.9:8080', 'tion 10.1.2.3:8080');
    const both = await diff(NODES, { ...lost, [save]: stale }, '-o', 'json');
    expect(both.status).toBe(1);
    const document = JSON.parse(both.stdout);
    expect(document.equal).toBe(false);
    expect(document.nodes.map(({ node }: { node: string }) => node)).toEqual(NAMES);
    expect(document.nodes[1]).toMatchObject({ error: expect.stringContaining('proxy-b') });
  });

  it('reads four at a time', async () => {
    const answers = await rulesOf(NODES, {});
    const count = 'for f in "$DIR"/running.*; do [ -e "$f" ] && echo x; done | wc -l >>"$DIR/calls"';
    for (const name of NAMES) {
      const key = podsOf(name);
      const busy = `: >"$DIR/running.${name}"; sleep 0.3; ${count}; rm "$DIR/running.${name}"`;
      answers[key] = `${busy}\n${answers[key]}`;
    }
    const { status } = await diff(NODES, answers);
    expect(status).toBe(0);
    const counts = (fake as FakeKubectl).calls().filter((call) => /^\s*\d+$/.test(call));
    expect(Math.max(...counts.map(Number))).toBeGreaterThan(1);
    expect(Math.max(...counts.map(Number))).toBeLessThanOrEqual(4);
  });

  it('shows how far it is on a terminal alone, on stderr', async () => {
    const { path } = start(NODES, await rulesOf(NODES, {}));
    const texts = { stdout: '', stderr: '' };
    const sink = (name: keyof typeof texts, isTTY: boolean) =>
      Object.assign(
        new Writable({
          write: (chunk, _, done) => {
            texts[name] += chunk;
            done();
          },
        }),
        { isTTY },
      );
    const status = await runMain(['diff', '--all-nodes', '--via-pod'], {
      stdin: Readable.from([]),
      stdout: sink('stdout', false),
      stderr: sink('stderr', true),
      env: { ...process.env, KUBECTL_PATH: path },
      untilStopped: () => new AbortController().signal,
    });
    expect(status).toBe(0);
    const [first, ...rest] = texts.stderr.split('\r').slice(1);
    expect(first).toBe('0 of 6 nodes compared\x1b[K');
    expect(rest.slice(-2)).toEqual(['6 of 6 nodes compared\x1b[K', '\x1b[K']);
    expect(texts.stdout).not.toContain('\r');
  });

  it.each([
    [['--all-nodes', '--host'], 'it needs --via-pod'],
    [['--all-nodes', '--via-pod', '-f', 'x.yaml'], 'it needs --via-pod, and no -f'],
    [['--all-nodes', '--via-pod', '--node', 'a'], 'leave out --node'],
    [['--all-nodes', '--via-pod', '-o', 'markdown'], '-o markdown is for one node'],
  ])('refuses %j', async (argv, message) => {
    const { status, stderr } = await runCaptured(['diff', ...argv]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
