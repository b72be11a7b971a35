/**
 * Hosts to compare with: a cluster folder's intended rules, and the real kube-proxy's under `expected/`, which a test may
 * change first. In: a folder and a change of the text. Out: what `diff` makes of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { IPFamily } from '../../src/apiserver/objects.ts';
import type { NodeDiff } from '../../src/diff/change.ts';
import type { FamilyQuestion } from '../../src/diff/diff-family.ts';
import { diffNode } from '../../src/diff/diff-node.ts';
import { compile, DEFAULT_KINDS, readInput } from '../../src/index.ts';
import type { NodeView } from '../../src/proxy/node-view.ts';
import { iptablesRules } from '../../src/trace/node-rules.ts';
import { readClusterOptions } from '../support/cluster-folder.ts';

export interface Host {
  readonly view: NodeView;
  readonly intended: Readonly<Record<IPFamily, string>>;
  /** What iptables-save prints there. */
  readonly texts: Readonly<Record<IPFamily, string>>;
}

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];
const NAMES: Readonly<Record<IPFamily, string>> = { IPv4: 'iptables', IPv6: 'ip6tables' };

async function read(file: string, kinds: ReadonlySet<string>) {
  const request = { filenames: [file], recursive: false, stdin: Readable.from([]), kinds };
  return (await readInput(request)).objects;
}

export async function readHost(folder: string): Promise<Host> {
  const options = readClusterOptions(folder);
  const config = join(folder, 'config.yaml');
  const configuration = existsSync(config)
    ? (await read(config, new Set(['KubeProxyConfiguration'])))[0]
    : undefined;
  const { compiled, view } = await compile({
    objects: await read(join(folder, 'cluster.yaml'), DEFAULT_KINDS),
    proxyConfiguration: configuration,
    mode: 'iptables',
    node: options.node,
    nodeAddresses: options.localAddrs ?? [],
    nfacct: options.nfacct ?? false,
  });
  if (compiled === undefined || view === undefined) throw new Error(`${folder} cannot be compiled`);
  const textOf = (family: IPFamily) =>
    [...(compiled.artifacts.find(({ name }) => name === `${NAMES[family]}.save`)?.text() ?? [])].join('');
  const saved = (family: IPFamily) =>
    readFileSync(join(folder, 'expected', `iptables.${family.toLowerCase()}.save`), 'utf8');
  return {
    view,
    intended: { IPv4: textOf('IPv4'), IPv6: textOf('IPv6') },
    texts: { IPv4: saved('IPv4'), IPv6: saved('IPv6') },
  };
}

/** Changes the lines of a dump; each stands without its newline. */
export type Tamper = (lines: readonly string[]) => readonly string[];

export function tampered(text: string, tamper: Tamper): string {
  return `${tamper(text.trimEnd().split('\n')).join('\n')}\n`;
}

export function questionsOf({ view, intended, texts }: Host, families = FAMILIES): FamilyQuestion[] {
  return families.map((family) => ({
    family,
    intended: { rules: iptablesRules(intended[family]), view },
    actual: { rules: iptablesRules(texts[family]) },
    addresses: view.node.interfaceAddresses,
  }));
}

export function diffHost(host: Host, tamper: Tamper = (lines) => lines, family: IPFamily = 'IPv4'): NodeDiff {
  const texts = { ...host.texts, [family]: tampered(host.texts[family], tamper) };
  return diffNode(questionsOf({ ...host, texts }));
}
