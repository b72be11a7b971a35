/**
 * Runs the real kube-proxies on folders of clusters. In: cluster folders. Out: their texts in normal form, by artifact.
 * The programs come from `test/oracle/build.sh`; see test/oracle/README.md.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ClusterOptions, compareReleases, readTexts } from '../support/cluster-folder.ts';
import type { ComparedMode } from '../support/compile-cluster.ts';
import { loadIptables, loadIpvs, loadNftables } from '../support/namespace.ts';
import {
  canonicalAddresses,
  canonicalIpsetSave,
  canonicalIptablesSave,
  canonicalIpvsadm,
  canonicalNftList,
} from '../support/normal-form.ts';
import { runUserspace, USERSPACE_RELEASE } from './userspace-oracle.ts';

const run = promisify(execFile);

/** The release of `bin/oracle`, the one that knows every mode and nfacct. */
export const NEWEST_RELEASE = '1.37';

/** Artifact name such as `iptables.ipv4.save` or `env.default` to its text. */
export type Artifacts = ReadonlyMap<string, string>;

/** The outputs of the newest oracle that are compared. */
const COMPARED =
  /^((iptables|ipvs)\.ipv[46]\.(save|restore)|ipvs\.(ipvsadm|ipset\.save|addrs)|nftables\.ipv[46]\.list|env\..+)$/;

/**
 * What the newest oracle wrote into a cluster folder.
 * @throws with the oracle's words when it refused the cluster.
 */
export function readExpected(folder: string): Artifacts {
  const texts = readTexts(join(folder, 'expected'));
  const refused = texts.get('ERROR');
  if (refused !== undefined) throw new Error(`the oracle refused the cluster: ${refused}`);
  return new Map([...texts].filter(([name]) => COMPARED.test(name)));
}

export interface Oracles {
  /** Writes `expected/` into every cluster folder below `root`, to be read with `readExpected`. */
  readonly runNewest: (root: string, modes: readonly string[]) => Promise<void>;
  /**
   * What the kube-proxy of an older release programs in mode iptables: `.restore`, and `.save` where `withSave`, which
   * cannot be where the options ask for nfacct, because its counters have to be made first. In mode ipvs the same, with the
   * servers, sets and addresses. In mode nftables: `.list`.
   */
  readonly runRelease: (
    release: string,
    folder: string,
    options: ClusterOptions & { readonly mode?: ComparedMode },
    withSave: boolean,
  ) => Promise<Artifacts>;
}

/** @param root the folder `test/oracle`. */
export function findOracles(root: string): Oracles {
  const program = (name: string): string => {
    const file = join(root, 'bin', name);
    if (!existsSync(file)) throw new Error(`${file} is missing: run test/oracle/build.sh`);
    return file;
  };
  return {
    runNewest: async (clusters, modes) => {
      await run(program('oracle'), ['batch', '--mode', modes.join(','), clusters], {
        maxBuffer: 1 << 26,
      }).catch((error: Error & { stderr?: string }) => {
        throw new Error(`the oracle failed: ${error.stderr?.slice(-2000) ?? error.message}`);
      });
    },
    runRelease: (release, folder, options, withSave) =>
      options.mode === 'userspace'
        ? runUserspace(program('userspace'), folder, options)
        : runRelease(program(`oracle-${release}`), folder, options, withSave),
  };
}

async function runRelease(
  program: string,
  folder: string,
  options: ClusterOptions & { readonly mode?: ComparedMode },
  withSave: boolean,
): Promise<Artifacts> {
  const out = mkdtempSync(join(tmpdir(), 'oracle-'));
  const { mode = 'iptables' } = options;
  try {
    const flags = ['--mode', mode, '-o', out];
    if (options.node !== undefined) flags.push('--node', options.node);
    if (options.localAddrs !== undefined) flags.push('--local-addrs', options.localAddrs.join(','));
    if (options.nfacct === true) flags.push('--nfacct');
    const files = ['cluster.yaml', 'config.yaml'].map((file) => join(folder, file)).filter(existsSync);
    await run(program, [...flags, ...files], { maxBuffer: 1 << 26 });
    if (mode === 'nftables') return await readNftables(out);
    return mode === 'ipvs' ? await readIpvs(out, withSave) : await readIptables(out, options, withSave);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function readIptables(out: string, options: ClusterOptions, withSave: boolean): Promise<Artifacts> {
  const texts = new Map<string, string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const file = (name: string): string => join(out, `iptables.${family}.${name}`);
    texts.set(`iptables.${family}.restore`, canonicalIptablesSave(readFileSync(file('restore'), 'utf8')));
    if (!withSave || options.nfacct === true) continue;
    const save = await loadIptables('legacy', family, [file('setup-restore'), file('restore')]);
    texts.set(`iptables.${family}.save`, canonicalIptablesSave(save));
  }
  return texts;
}

async function readIpvs(out: string, withSave: boolean): Promise<Artifacts> {
  const read = (name: string): string => readFileSync(join(out, `ipvs.${name}`), 'utf8');
  const texts = new Map([
    ['ipvs.ipvsadm', canonicalIpvsadm(read('ipvsadm'))],
    ['ipvs.addrs', canonicalAddresses(read('addrs'))],
  ]);
  // The kernel refuses networks of length 0 in a set of this type; kube-proxy goes on without.
  const sets = read('ipset').replaceAll(/^add .*\/0\n/gm, '');
  for (const family of ['ipv4', 'ipv6'] as const) {
    texts.set(`ipvs.${family}.restore`, canonicalIptablesSave(read(`${family}.restore`)));
    if (!withSave) continue;
    // Its rules touch no other table than these two; to name one is to make it.
    const setup = read(`${family}.setup-restore`).replace(/^\*mangle\n(:.*\n)*COMMIT\n/m, '');
    const saved = await loadIpvs(family, sets, [setup, read(`${family}.restore`)]);
    texts.set(`ipvs.${family}.save`, canonicalIptablesSave(saved.rules));
    texts.set('ipvs.ipset.save', canonicalIpsetSave(saved.sets));
  }
  return texts;
}

/** The transaction through the kernel. Where the kernel refuses it, kube-proxy programs nothing: there is no text then. */
async function readNftables(out: string): Promise<Artifacts> {
  const texts = new Map<string, string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const file = join(out, `nftables.${family}.tx`);
    // An interface that is matched by its index has to be there.
    const names = readFileSync(file, 'utf8').matchAll(/ iif (?:!= )?(\S+) /g);
    const interfaces = [...new Set([...names].map(([, name = '']) => name))];
    const list = await loadNftables(family, [file], interfaces).catch((error: Error) => {
      process.stderr.write(`${file}: nft refuses it: ${error.message.split('\n')[0]}\n`);
      return undefined;
    });
    if (list !== undefined) texts.set(`nftables.${family}.list`, canonicalNftList(list));
  }
  return texts;
}

/** The first release of each mode whose kube-proxy is asked. */
const FIRST_RELEASE: Readonly<Record<ComparedMode, string>> = {
  iptables: '1.25',
  ipvs: '1.28',
  nftables: '1.29',
  userspace: USERSPACE_RELEASE,
};

/** The releases with a mode that have a program of their own, oldest first. */
export function olderReleases(root: string, mode: ComparedMode): string[] {
  return readdirSync(join(root, 'releases'))
    .filter((name) => /^r1\.\d+$/.test(name))
    .map((name) => name.slice(1))
    .filter((name) => compareReleases(name, FIRST_RELEASE[mode]) >= 0)
    .sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
}
