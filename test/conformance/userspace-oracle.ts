/**
 * Runs the real userspace proxier of release 1.25. In: a cluster folder. Out: what it programs, in normal form; both families,
 * of which it programs one. The program comes from `test/oracle/build.sh userspace`, and needs root.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { compareStrings } from '../../src/shared/ordering.ts';
import type { ClusterOptions } from '../support/cluster-folder.ts';
import { canonicalUserspaceSave, proxiedLine } from '../support/userspace-normal-form.ts';

const run = promisify(execFile);

export const USERSPACE_RELEASE = '1.25';

interface Host {
  readonly family: 'ipv4' | 'ipv6';
  readonly bindAddress: string;
  /** The address of its interface. */
  readonly address: string;
  /** Whether the input says so. */
  readonly isKnown: boolean;
}

const SOME_ADDRESS = '192.168.10.10';

export async function runUserspace(
  program: string,
  folder: string,
  options: ClusterOptions,
): Promise<ReadonlyMap<string, string>> {
  const out = mkdtempSync(join(tmpdir(), 'oracle-'));
  const host = hostOf(folder, options);
  try {
    const flags = [
      '--connect=false',
      '--family',
      host.family,
      '--bind-address',
      host.bindAddress,
      '--host-ip',
      host.address,
      '-o',
      out,
    ];
    if (options.node !== undefined) flags.push('--node', options.node);
    const files = ['cluster.yaml', 'config.yaml'].map((file) => join(folder, file)).filter(existsSync);
    await run(program, [...flags, ...files], { maxBuffer: 1 << 26 });
    const raw = readFileSync(join(out, `userspace.${host.family}.save.raw`), 'utf8');
    // A host whose address nobody knows has one all the same.
    const save = host.isKnown ? raw : raw.replaceAll(` ${SOME_ADDRESS}:`, ' 127.0.0.1:');
    const texts = { ipv4: '', ipv6: '', [host.family]: save };
    return new Map([
      ['iptables.ipv4.save', canonicalUserspaceSave(texts.ipv4)],
      ['iptables.ipv6.save', canonicalUserspaceSave(texts.ipv6)],
      ['userspace.endpoints', endpointsText(readFileSync(join(out, 'userspace.portals.json'), 'utf8'), host)],
    ]);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

interface PortalOfOracle {
  readonly service: string;
  readonly protocol: string;
  /** The cluster IP and its port. */
  readonly portal: string;
  readonly affinity: string;
  readonly roundRobin: readonly string[] | null;
}

/** Those that rules lead to: kube-proxy has a proxy for the other family, too. */
function endpointsText(json: string, { family }: Host): string {
  const portals = (JSON.parse(json) ?? []) as readonly PortalOfOracle[];
  return portals
    .filter(({ portal }) => portal.startsWith('[') === (family === 'ipv6'))
    .map(({ service, protocol, affinity, roundRobin }) =>
      proxiedLine(
        service,
        protocol,
        affinity === 'ClientIP' && (roundRobin ?? []).length > 0,
        roundRobin ?? [],
      ),
    )
    .sort(compareStrings)
    .map((line) => `${line}\n`)
    .join('');
}

interface Document {
  readonly kind?: string;
  readonly items?: readonly Document[];
  readonly metadata?: { readonly name: string };
  readonly bindAddress?: string;
  readonly hostnameOverride?: string;
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

/** What kube-proxy finds out when it starts: the node's addresses, and by them which iptables it uses. */
function hostOf(folder: string, options: ClusterOptions): Host {
  const read = (file: string): readonly Document[] =>
    existsSync(join(folder, file))
      ? (loadAll(readFileSync(join(folder, file), 'utf8')) as readonly (Document | null)[])
          .filter((document) => document !== null)
          .flatMap((document) => (document.kind === 'List' ? (document.items ?? []) : [document]))
      : [];
  const [config] = read('config.yaml').filter(({ kind }) => kind === 'KubeProxyConfiguration');
  const nodes = read('cluster.yaml').filter(({ kind }) => kind === 'Node');
  const name = options.node ?? (config?.hostnameOverride?.trim().toLowerCase() || nodes[0]?.metadata?.name);
  const node = nodes.find(({ metadata }) => metadata?.name === name);
  const bindAddress = config?.bindAddress || '0.0.0.0';
  const ofType = (wanted: string) =>
    (node?.status?.addresses ?? []).filter(({ type }) => type === wanted).map(({ address }) => address);
  const addresses = [...ofType('InternalIP'), ...ofType('ExternalIP')];
  const isBound = bindAddress !== '0.0.0.0' && bindAddress !== '::';
  const family = isIPv6(isBound ? bindAddress : (addresses[0] ?? '')) ? 'ipv6' : 'ipv4';
  const known = [...(isBound ? [bindAddress] : []), ...addresses, ...(options.localAddrs ?? [])].find(
    (address) => isIPv6(address) === (family === 'ipv6'),
  );
  return { family, bindAddress, address: known ?? SOME_ADDRESS, isKnown: known !== undefined };
}
