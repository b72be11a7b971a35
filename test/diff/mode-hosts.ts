/**
 * Hosts of all modes: a cluster folder's intended rules, and the outputs of its real kube-proxy, which a test may change
 * first. In: a folder, a mode, and changes of its outputs. Out: what `diff` makes of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { IPFamily } from '../../src/apiserver/objects.ts';
import type { CompiledNode } from '../../src/backends/backend.ts';
import { hostRules } from '../../src/cli/node-rules.ts';
import type { NodeDiff } from '../../src/diff/change.ts';
import type { FamilyQuestion } from '../../src/diff/diff-family.ts';
import { diffNode } from '../../src/diff/diff-node.ts';
import type { HostState, HostText } from '../../src/host/host-state.ts';
import { compile, DEFAULT_KINDS, readInput } from '../../src/index.ts';
import { compiledRules } from '../../src/library/compiled-rules.ts';
import type { NodeView } from '../../src/proxy/node-view.ts';
import { readClusterOptions } from '../support/cluster-folder.ts';
import { type Tamper, tampered } from './hosts.ts';

export type Mode = 'iptables' | 'nftables' | 'ipvs';

type Output = Pick<HostText, 'tool' | 'family'>;

/** What stands under `expected/`, and which tool prints it. */
const OUTPUTS = {
  iptables: {
    'iptables.ipv4.save': { tool: 'iptables-save', family: 'IPv4' },
    'iptables.ipv6.save': { tool: 'iptables-save', family: 'IPv6' },
  },
  nftables: {
    'nftables.ipv4.list': { tool: 'nft-text' },
    'nftables.ipv6.list': { tool: 'nft-text' },
  },
  ipvs: {
    'ipvs.ipvsadm': { tool: 'ipvsadm-save' },
    'ipvs.ipset.save': { tool: 'ipset-save' },
    'ipvs.addrs': { tool: 'addresses' },
    'ipvs.ipv4.save': { tool: 'iptables-save', family: 'IPv4' },
    'ipvs.ipv6.save': { tool: 'iptables-save', family: 'IPv6' },
  },
} as const satisfies Readonly<Record<Mode, Readonly<Record<string, Output>>>>;

export type OutputName = { [M in Mode]: keyof (typeof OUTPUTS)[M] }[Mode];
export type Tampers = Readonly<Partial<Record<OutputName, Tamper>>>;

export interface ModeHost {
  readonly mode: Mode;
  readonly view: NodeView;
  readonly compiled: CompiledNode;
  readonly texts: ReadonlyMap<OutputName, string>;
}

async function read(file: string, kinds: ReadonlySet<string>) {
  const request = { filenames: [file], recursive: false, stdin: Readable.from([]), kinds };
  return (await readInput(request)).objects;
}

export async function compileFolder(folder: string, mode: Mode): Promise<Omit<ModeHost, 'texts'>> {
  const options = readClusterOptions(folder);
  const config = join(folder, 'config.yaml');
  const kinds = new Set(['KubeProxyConfiguration']);
  const { compiled, view } = await compile({
    objects: await read(join(folder, 'cluster.yaml'), DEFAULT_KINDS),
    proxyConfiguration: existsSync(config) ? (await read(config, kinds))[0] : undefined,
    mode,
    node: options.node,
    nodeAddresses: options.localAddrs ?? [],
    ...(options.ipvsSyncs === undefined ? {} : { ipvsSyncs: options.ipvsSyncs }),
  });
  if (compiled === undefined || view === undefined) throw new Error(`${folder} cannot be compiled`);
  return { mode, view, compiled };
}

export async function readModeHost(folder: string, mode: Mode): Promise<ModeHost> {
  const names = Object.keys(OUTPUTS[mode]) as OutputName[];
  const textOf = (name: OutputName) => readFileSync(join(folder, 'expected', name), 'utf8');
  return {
    ...(await compileFolder(folder, mode)),
    texts: new Map(names.map((name) => [name, textOf(name)])),
  };
}

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

/** The text of an output, changed. */
export function tamperedText({ texts }: ModeHost, name: OutputName, tampers: Tampers): string {
  const tamper = tampers[name];
  const text = texts.get(name) ?? '';
  return tamper === undefined ? text : tampered(text, tamper);
}

export function modeQuestions(host: ModeHost, tampers: Tampers = {}): FamilyQuestion[] {
  const { mode, view, compiled } = host;
  const outputs: Readonly<Record<string, Output>> = OUTPUTS[mode];
  const texts = [...host.texts.keys()].map(
    (name): HostText => ({
      ...(outputs[name] as Output),
      text: tamperedText(host, name, tampers),
      origin: name,
    }),
  );
  const state: HostState = { texts, notes: [] };
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const stop = new AbortController().signal;
  const io = { stdin: Readable.from([]), stdout: silent, stderr: silent, env: {}, untilStopped: () => stop };
  return FAMILIES.map((family) => {
    const rules = compiledRules(compiled, family);
    const actual = hostRules(state, family, mode, () => rules, io);
    return { family, intended: { rules, view }, actual, addresses: view.node.interfaceAddresses };
  });
}

export function diffModeHost(host: ModeHost, tampers: Tampers = {}): NodeDiff {
  return diffNode(modeQuestions(host, tampers));
}
