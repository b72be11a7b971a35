/** Completion: what is offered for a command line, and that kubectl and a real shell come by it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ARTIFACTS } from '../../src/cli/completion/flag-values.ts';
import { type BuiltCli, buildCli } from '../support/built-cli.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { answer, type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';

const WEB = 'fixtures/examples/web.yaml';
const folder = mkdtempSync(join(tmpdir(), 'svcrules-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

interface Offer {
  readonly texts: readonly string[];
  readonly directive: number;
}

function read(stdout: string): Offer {
  const lines = stdout.trimEnd().split('\n');
  const last = /^:([0-9]+)$/.exec(lines.pop() as string) as RegExpExecArray;
  return { texts: lines.map((line) => line.split('\t')[0] as string), directive: Number(last[1]) };
}

async function offered(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Offer> {
  const { status, stdout, stderr } = await runCaptured(['__complete', ...words], env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return read(stdout);
}

const NONE: Offer = { texts: [], directive: 4 };
const RELEASES = ['1.37', '1.36', '1.35', '1.34', '1.33', '1.32', '1.31', '1.30'];

describe('without a cluster', () => {
  it.each<[string, readonly string[], readonly string[], number]>([
    ['commands', ['e'], ['env', 'endpoints', 'explain'], 4],
    ['commands of commands', ['dns', ''], ['query'], 4],
    ['commands after help', ['help', 'tr'], ['trace'], 4],
    ['flags', ['compile', '--kube'], ['--kubeconfig', '--kube-version'], 4],
    ['flags of a command below', ['dns', 'query', '--ty'], ['--type'], 4],
    ['a flag that repeats, again', ['compile', '-f', 'a', '--filen'], ['--filename'], 4],
    ['no flag twice', ['compile', '--mode', 'ipvs', '--mo'], [], 4],
    ['modes', ['compile', '--mode', 'ip'], ['iptables', 'ipvs'], 4],
    ['modes behind an equals sign', ['compile', '--mode=ip'], ['iptables', 'ipvs'], 4],
    ['releases', ['diff', '--against-version', '1.3'], RELEASES, 4],
    ['outputs', ['env', '-o', ''], ['env', 'export', 'docker', 'json'], 4],
    ['outputs behind a short flag', ['env', '-oj'], ['json'], 4],
    ['formats of lint', ['lint', '-o', 's'], ['sarif'], 4],
    ['rules of lint', ['lint', '--skip', 'pods-not-r'], ['pods-not-ready'], 4],
    ['rules of lint that are explained', ['lint', 'rules', 'pods-not-r'], ['pods-not-ready'], 4],
    ['types of records', ['dns', 'query', '--type', 'A'], ['A', 'AAAA'], 4],
    ['files', ['compile', '-f', 'fix'], [], 0],
    ['files behind an equals sign', ['diff', '--dump=fix'], [], 0],
    ['folders', ['compile', '--out', ''], [], 16],
    ['nothing that cannot be known', ['compile', '--cluster-cidr', ''], [], 4],
    ['nothing after the last argument', ['explain', 'svc/web', ''], [], 4],
    ['no flags after --', ['explain', '-f', WEB, '--', '--m'], [], 4],
  ])('offers %s', async (_, words, texts, directive) => {
    expect(await offered(words)).toEqual({ texts, directive });
  });

  it('describes what it offers', async () => {
    const { stdout } = await runCaptured(['__complete', 'compi']);
    expect(stdout).toBe('compile\tprint the rules of one node\n:4\n');
  });

  it.each(Object.keys(ARTIFACTS))('offers the artifacts that mode %s has', async (mode) => {
    const out = join(folder, mode);
    const cluster = ['-f', 'fixtures/clusters/mysql/cluster.yaml', '--mode', mode];
    const release = mode === 'userspace' ? ['--kube-version', '1.25'] : [];
    expect((await runCaptured(['compile', ...cluster, ...release, '--out', out])).status).toBe(0);
    const { texts } = await offered(['compile', '--mode', mode, '--artifact', '']);
    expect([...texts].sort()).toEqual(readdirSync(out).sort());
  });
});

describe('with manifests', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['Services with their namespace', ['trace', '-f', WEB, '--to', ''], ['prod/web']],
    ['Services of a namespace', ['explain', '-f', WEB, '-n', 'prod', ''], ['svc/web']],
    ['Services as they are begun', ['explain', '-f', WEB, '-n', 'prod', 'service/w'], ['service/web']],
    ['sources', ['trace', '-f', WEB, '--from', 'n'], ['node']],
    ['Nodes', ['compile', '-f', WEB, '--node', ''], ['worker-1', 'worker-2']],
    ['namespaces', ['env', `--filename=${WEB}`, '-n', ''], ['prod']],
    ['names for DNS', ['dns', 'query', '-f', WEB, ''], ['web.prod']],
  ])('offers %s', async (_, words, texts) => {
    const offer = await offered(words);
    expect(offer).toEqual({ texts, directive: 4 });
  });

  it('offers no name that a shell would take for more', async () => {
    const names = ['$(id)', 'a b', 'a\nb', '`id`', ';id', '-rf', 'a\tb', '\u001b[2J', 'fine'];
    const file = join(folder, 'hostile.json');
    const items = names.map((name) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name } }));
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    expect((await offered(['trace', '-f', file, '--to', ''])).texts).toEqual(['default/fine']);
  });

  it('offers nothing of files that are not there', async () => {
    expect(await offered(['compile', '-f', join(folder, 'absent'), '--node', ''])).toEqual(NONE);
  });
});

const list = (kind: string, items: readonly unknown[]) =>
  answer({ kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items });
const named = (name: string, namespace?: string) => ({ metadata: { name, namespace } });

const CLUSTER = {
  '/api/v1/services?': list('Service', [named('web', 'prod'), named('db', 'prod'), named('web', 'test')]),
  '/api/v1/namespaces?': list('Namespace', [named('prod'), named('test')]),
  '/api/v1/nodes?': list('Node', [named('worker-1'), named('worker-2')]),
  '/api/v1/namespaces/prod/pods?': list('Pod', [named('web-1', 'prod')]),
  'config view --output=jsonpath={range .contexts': "printf 'home\\nadmin@work\\nbad name\\n'",
  'config view': 'printf prod',
};

describe('with a cluster', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['namespaces', ['env', '-n', ''], ['prod', 'test']],
    ['Nodes', ['diff', '--node', 'worker-'], ['worker-1', 'worker-2']],
    ['Pods of the current namespace', ['env', '--pod', ''], ['web-1']],
    ['Services of the current namespace, and of others', ['explain', ''], ['svc/web', 'svc/db', 'test/web']],
    ['Services of any namespace', ['trace', '--to', 'prod/'], ['prod/web', 'prod/db']],
    ['contexts', ['compile', '--context', ''], ['home', 'admin@work']],
  ])('offers %s', async (_, words, texts) => {
    fake = fakeKubectl(CLUSTER);
    expect(
      await offered(words, { ...process.env, KUBECTL_PATH: fake.path } as Record<string, string>),
    ).toEqual({
      texts,
      directive: 4,
    });
  });

  it('asks the cluster that the command line names, and does not wait long', async () => {
    fake = fakeKubectl(CLUSTER);
    const env = { ...process.env, KUBECTL_PATH: fake.path } as Record<string, string>;
    await offered(['compile', '--context', 'home', '--as=me', '--node', ''], env);
    expect(fake.calls()[0]).toMatch(
      /^get --raw \/api\/v1\/nodes\?.* --context=home .*--as=me .*--request-timeout=2s$/,
    );
  });

  it.each([
    ['refuses', failure('error: You must be logged in to the server (Unauthorized)')],
    ['hangs', 'sleep 60'],
  ])('offers nothing where it %s', { timeout: 15_000 }, async (_, shell) => {
    fake = fakeKubectl({ '/api/v1/nodes?': shell });
    const env = { ...process.env, KUBECTL_PATH: fake.path } as Record<string, string>;
    expect(await offered(['compile', '--node', ''], env)).toEqual(NONE);
  });
});

const kubectl = spawnSync('sh', ['-c', 'command -v kubectl']).status === 0;
if (!kubectl) process.stderr.write('completion is not asked for by kubectl: there is none\n');

describe.runIf(kubectl)('kubectl', () => {
  let env: NodeJS.ProcessEnv;
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
    const path = join(folder, 'path');
    mkdirSync(path);
    const program = `#!/bin/sh\nexec '${process.execPath}' '${cli.path}' "$@"\n`;
    writeFileSync(join(path, 'kubectl-svcrules'), program, { mode: 0o755 });
    symlinkSync(resolve('bin/kubectl_complete-svcrules'), join(path, 'kubectl_complete-svcrules'));
    env = { ...process.env, PATH: `${path}${delimiter}${process.env.PATH}`, HOME: folder };
  });
  afterAll(() => cli.remove());

  it('asks the plugin', () => {
    const args = ['__complete', 'svcrules', 'trace', '-f', resolve(WEB), '--to', 'prod'];
    const { stdout } = spawnSync('kubectl', args, { env, encoding: 'utf8' });
    expect(read(stdout)).toEqual({ texts: ['prod/web'], directive: 4 });
  });

  it.each([
    [['kubectl', 'svcrules', 'expl'], 'explain'],
    [['kubectl', 'svcrules', 'compile', '--mode', 'nf'], 'nftables'],
    [['kubectl', 'svcrules', 'explain', '-f', resolve(WEB), '-n', 'prod', ''], 'svc/web'],
  ])('completes %j in bash', (words, expected) => {
    // What bash-completion would bring, as far as kubectl's script calls it.
    const script = `
      _get_comp_words_by_ref() { cur=\${COMP_WORDS[COMP_CWORD]}; prev=\${COMP_WORDS[COMP_CWORD-1]}; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
      _init_completion() { _get_comp_words_by_ref; }
      __ltrim_colon_completions() { :; }
      compopt() { :; }
      source <(kubectl completion bash)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}; COMP_TYPE=9
      __start_kubectl
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', script, 'bash', ...words], { env, encoding: 'utf8' });
    expect(stdout.trim()).toBe(expected);
  });
});
