/** What may stand behind a flag. In: the flag and what has been typed. Out: its values. */
import type { Option } from 'commander';
import { SUPPORTED_RELEASES } from '../../proxy/release.ts';
import type { CommandIO } from '../io.ts';
import { type Completion, FILES, FOLDERS, NOTHING, only } from './candidate.ts';
import { kubeconfigNames, type ObjectName, objectNames, typedNamespace } from './object-names.ts';
import { nameOf, type TypedLine } from './typed-line.ts';

const IPTABLES = ['iptables.save', 'ip6tables.save', 'iptables.restore', 'ip6tables.restore'];

/** What `--artifact` takes, by mode. */
export const ARTIFACTS: Readonly<Record<string, readonly string[]>> = {
  iptables: IPTABLES,
  ipvs: ['ipvs.sh', 'ipvsadm.save', 'ipvsadm.sh', 'ipset.save', 'addresses', ...IPTABLES],
  nftables: ['ip.nft', 'ip6.nft', 'ip.list', 'ip6.list'],
  userspace: ['haproxy.cfg', 'nginx.conf', ...IPTABLES],
};

const LINT_FORMATS = ['text', 'json', 'sarif', 'github', 'junit', 'markdown'];

type Values = (line: TypedLine, io: CommandIO) => Promise<Completion> | Completion;

const file: Values = () => ({ candidates: [], directive: FILES });
const folder: Values = () => ({ candidates: [], directive: FOLDERS });
const releases: Values = () => only([...SUPPORTED_RELEASES].reverse());
const rules: Values = async () => {
  const { allRules } = await import('../../lint/lint.ts');
  return {
    candidates: allRules().map(({ id, title }) => ({ text: id, description: title })),
    directive: NOTHING.directive,
  };
};

/** By the flag's name; flags with choices have theirs. */
const VALUES: Readonly<Record<string, Values>> = {
  filename: file,
  against: file,
  'proxy-config': file,
  kubeconfig: file,
  dump: file,
  bundle: file,
  html: file,
  metrics: file,
  config: file,
  baseline: file,
  'write-baseline': file,
  out: folder,
  'kube-version': releases,
  'against-version': releases,
  artifact: ({ flags }) => only(ARTIFACTS[flags.get('mode')?.at(-1) ?? 'iptables'] ?? []),
  output: () => only(LINT_FORMATS),
  rule: rules,
  skip: rules,
  type: async () => only((await import('../../discovery/dns/record.ts')).QUERY_TYPES),
  namespace: async (line, io) => {
    // Manifests need not have an object for each namespace that they use.
    const isLive = !line.flags.has('filename');
    const names = await objectNames(isLive ? 'Namespace' : 'Service', undefined, line, io);
    return only(new Set(names.map(({ name, namespace }) => (isLive ? name : namespace))));
  },
  node: async (line, io) => only((await objectNames('Node', undefined, line, io)).map(({ name }) => name)),
  pod: async (line, io) => {
    const namespace = await typedNamespace(line, io);
    return only((await objectNames('Pod', namespace, line, io)).map(({ name }) => name));
  },
  service: async (line, io) => only((await objectNames('Service', undefined, line, io)).map(qualified)),
  to: async (line, io) => only((await objectNames('Service', undefined, line, io)).map(qualified)),
  from: async (line, io) => {
    const pods = only((await objectNames('Pod', undefined, line, io)).map(qualified));
    const isTrace = line.command.name() === 'trace';
    return isTrace ? { ...pods, candidates: [...WITHOUT_NAMES, ...pods.candidates] } : pods;
  },
  context: async (line, io) => only(await kubeconfigNames('contexts', line, io)),
  cluster: async (line, io) => only(await kubeconfigNames('clusters', line, io)),
  user: async (line, io) => only(await kubeconfigNames('users', line, io)),
};

const WITHOUT_NAMES = [
  { text: 'external', description: 'a client outside of the cluster' },
  { text: 'node', description: 'the node itself' },
];

export function qualified({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}

export function flagValues(option: Option, line: TypedLine, io: CommandIO): Promise<Completion> | Completion {
  if (option.argChoices !== undefined) return only(option.argChoices);
  return VALUES[nameOf(option)]?.(line, io) ?? NOTHING;
}
