/**
 * Runs the real kube-proxies on folders of clusters. In: cluster folders. Out: their texts in normal form, by artifact.
 * The programs come from `test/oracle/build.sh`; see test/oracle/README.md.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ClusterOptions, readTexts } from '../support/cluster-folder.ts';
import { loadIptables } from '../support/namespace.ts';
import { canonicalIptablesSave } from '../support/normal-form.ts';

const run = promisify(execFile);

/** The release of `bin/oracle`, the one that knows every mode and nfacct. */
export const NEWEST_RELEASE = '1.37';

/** Artifact name such as `iptables.ipv4.save` or `env.default` to its text. */
export type Artifacts = ReadonlyMap<string, string>;

/** The outputs of the newest oracle that are compared. */
const COMPARED = /^(iptables\.ipv[46]\.(save|restore)|env\..+)$/;

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
   * What the kube-proxy of an older release programs: `.restore`, and `.save` where `withSave`, which cannot be where
   * the options ask for nfacct, because its counters have to be made first.
   */
  readonly runRelease: (
    release: string,
    folder: string,
    options: ClusterOptions,
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
      runRelease(program(`oracle-${release}`), folder, options, withSave),
  };
}

async function runRelease(
  program: string,
  folder: string,
  options: ClusterOptions,
  withSave: boolean,
): Promise<Artifacts> {
  const out = mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    const flags = ['--mode', 'iptables', '-o', out];
    if (options.node !== undefined) flags.push('--node', options.node);
    if (options.localAddrs !== undefined) flags.push('--local-addrs', options.localAddrs.join(','));
    if (options.nfacct === true) flags.push('--nfacct');
    const files = ['cluster.yaml', 'config.yaml'].map((file) => join(folder, file)).filter(existsSync);
    await run(program, [...flags, ...files], { maxBuffer: 1 << 26 });
    const texts = new Map<string, string>();
    for (const family of ['ipv4', 'ipv6'] as const) {
      const file = (name: string): string => join(out, `iptables.${family}.${name}`);
      texts.set(`iptables.${family}.restore`, canonicalIptablesSave(readFileSync(file('restore'), 'utf8')));
      if (!withSave || options.nfacct === true) continue;
      const save = await loadIptables('legacy', family, [file('setup-restore'), file('restore')]);
      texts.set(`iptables.${family}.save`, canonicalIptablesSave(save));
    }
    return texts;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The releases that have a program of their own, oldest first. */
export function olderReleases(root: string): string[] {
  return readdirSync(join(root, 'releases'))
    .filter((name) => /^r1\.\d+$/.test(name))
    .map((name) => name.slice(1))
    .sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
}
