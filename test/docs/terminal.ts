/**
 * The terminal in which a page's commands are typed: a folder that has what the examples name, and first on `PATH` a
 * kubectl that runs the present sources for `svcrules` and answers the rest as a cluster would, and the tools of a node.
 * In: a command line for sh. Out: what it prints, both streams in the order of writing, and its exit status.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { answer, type FakeKubectl, fakeKubectl, quote } from '../support/fake-kubectl.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CLUSTER = join(REPOSITORY, 'test/docs/scene/cluster.yaml');
const CONFIG = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: iptables\n';

export interface Printed {
  readonly lines: readonly string[];
  readonly status: number | null;
}

export interface Terminal {
  readonly type: (command: string) => Printed;
  readonly remove: () => void;
}

/** @param cli the program, bundled. */
export function openTerminal(cli: string): Terminal {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-docs-'));
  const cluster = fakeCluster(cli);
  const tools = join(folder, '.tools');
  mkdirSync(tools);
  const scripts: Readonly<Record<string, string>> = {
    kubectl: `[ "$1" = svcrules ] || exec ${cluster.path} "$@"\nshift\nexec ${process.execPath} ${cli} "$@"`,
    npx: `[ "$1" = kubectl-svcrules ] || exit 1\nshift\nexec ${process.execPath} ${cli} "$@"`,
    npm: NPM,
    node: `[ -e ${quote(REPOSITORY)}"$1" ]`,
    kustomize: '[ "$*" = "build ." ] || exit 1\ncat manifests/*.yaml',
    'iptables-save': 'cat rules.save',
    'ip6tables-save': ':',
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  setScene(folder, cli);
  const env = {
    PATH: [tools, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    KUBECTL_PATH: cluster.path,
    LC_ALL: 'C.UTF-8',
  };
  return {
    type: (command) => {
      // timeout ends all that the shell has started; otherwise one of them could keep the pipe open.
      const shell = ['20', '/bin/sh', '-c', `exec 2>&1\n${command}`];
      const { stdout, status } = spawnSync('timeout', shell, { cwd: folder, env, encoding: 'utf8' });
      const lines = stdout.replace(/\n$/, '');
      return { lines: lines === '' ? [] : lines.split('\n'), status };
    },
    remove: () => {
      cluster.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What npm and the scripts would do here takes minutes; that they exist is what can be said at once. */
const NPM = `case "$1" in
ci|cit|test) ;;
install) [ "$2" = kubectl-svcrules ] ;;
run) grep -q "^    \\"$2\\": " ${quote(join(REPOSITORY, 'package.json'))} ;;
*) exit 1 ;;
esac`;

/** The files that examples name. */
function setScene(folder: string, cli: string): void {
  for (const name of ['fixtures', 'deploy', 'docs', 'examples'])
    symlinkSync(join(REPOSITORY, name), join(folder, name));
  for (const name of ['DIR', 'manifests', 'base', 'pull-request', 'untrusted']) {
    mkdirSync(join(folder, name));
    cpSync(CLUSTER, join(folder, name, 'cluster.yaml'));
  }
  cpSync(CLUSTER, join(folder, 'cluster.yaml'));
  cpSync(CLUSTER, join(folder, 'generated.yaml'));
  writeFileSync(join(folder, 'config.yaml'), CONFIG);
  writeFileSync(join(folder, 'rules.save'), staleRules(cli));
  writeFileSync(join(folder, 'rules6.save'), compiled(cli, '--family', 'ipv6'));
  // A node on which somebody has taken a rule away.
  const web = compiled(cli, '-f', join(REPOSITORY, 'fixtures/examples/web.yaml'));
  writeFileSync(join(folder, 'node.save'), web.replace(/^-A KUBE-EXT-.* -j KUBE-MARK-MASQ\n/m, ''));
}

/** Rules that send to an address which is no endpoint any more. */
function staleRules(cli: string): string {
  return compiled(cli, '-f', CLUSTER).replaceAll('10.244.2.9:8080', '10.1.2.3:8080');
}

function compiled(cli: string, ...args: readonly string[]): string {
  const input = args.includes('-f') ? [] : ['-f', CLUSTER];
  return execFileSync(process.execPath, [cli, 'compile', ...input, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A cluster of these objects, on whose nodes an endpoint is stale. */
function fakeCluster(cli: string): FakeKubectl {
  const slices = execFileSync(
    process.execPath,
    [cli, 'endpoints', '-f', CLUSTER, '--skip-invalid', '-o', 'yaml'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const items = loadAll(readFileSync(CLUSTER, 'utf8')) as readonly Item[];
  const list = (kind: string, objects: readonly unknown[], apiVersion = 'v1') =>
    answer({ kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '7' }, items: objects });
  const answers: Record<string, string> = {};
  const serve = (kind: string, group: string, resource: string, objects: readonly Item[]) => {
    const apiVersion = group === '/api/v1' ? 'v1' : group.replace('/apis/', '');
    answers[`${group}/${resource}?`] = list(kind, objects, apiVersion);
    for (const namespace of new Set(items.map(({ metadata }) => metadata.namespace ?? ''))) {
      const own = objects.filter(({ metadata }) => metadata.namespace === namespace);
      const path = `${group}/namespaces/${namespace}/${resource}`;
      answers[`${path}?`] = list(kind, own, apiVersion);
      for (const object of own) {
        answers[`${path}/${object.metadata.name}`] = answer(object);
        const named = `${path}?limit=500&resourceVersion=0&fieldSelector=metadata.name%3D${object.metadata.name}`;
        answers[named] = list(kind, [object], apiVersion);
      }
    }
    for (const object of objects) answers[`${group}/${resource}/${object.metadata.name}`] = answer(object);
  };
  const ofKind = (kind: string) => items.filter((item) => item.kind === kind);
  serve('Service', '/api/v1', 'services', ofKind('Service'));
  serve('Pod', '/api/v1', 'pods', ofKind('Pod'));
  serve('Node', '/api/v1', 'nodes', ofKind('Node'));
  const slicesOf = loadAll(slices) as readonly Item[];
  serve('EndpointSlice', '/apis/discovery.k8s.io/v1', 'endpointslices', slicesOf);
  const proxy = {
    metadata: { name: 'kube-proxy-1' },
    spec: { hostNetwork: true, containers: [{ name: 'kube-proxy' }] },
    status: { phase: 'Running' },
  };
  answers['/api/v1/namespaces/kube-system/pods?'] = list('Pod', [proxy]);
  answers['/api/v1/namespaces/kube-system/configmaps/kube-proxy'] = answer({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'kube-proxy', namespace: 'kube-system' },
    data: { 'config.conf': CONFIG },
  });
  const exec = 'exec --namespace kube-system kube-proxy-1 --container kube-proxy -- ';
  answers[exec] = `echo 'exec failed: "tool": executable file not found in $PATH' >&2; exit 1`;
  answers[`${exec}iptables-save`] = `printf %s ${quote(staleRules(cli))}`;
  answers[`${exec}ip6tables-save`] = `printf %s ${quote(compiled(cli, '--family', 'ipv6'))}`;
  answers['config view'] = 'printf prod';
  answers['apply -f '] =
    'for file; do case "$file" in apply|-f) ;; *) [ -e "$file" ] || exit 1 ;; esac; done';
  answers['create clusterrolebinding '] =
    'case "$*" in *--clusterrole=svcrules-reader*) ;; *) exit 1 ;; esac';
  return fakeKubectl(answers);
}
