/**
 * Compares the cluster DNS with the real CoreDNS. In: folders of manifests. Out: for each cluster what CoreDNS says of it,
 * behind a real API server and its controllers, and what we say. The programs come from `test/oracle/build.sh api` and
 * `build.sh coredns`, and need root and etcd.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import {
  compareDns,
  isFresh,
  type OracleResult,
  servedObjects,
  storedObjects,
} from '../support/dns-answers.ts';
import { compareResolvConfs } from './resolv-conf-oracle.ts';

const run = promisify(execFile);

type Compare = (cluster: string, artifact: string, expected: string, actual: string) => void;

/**
 * `dns` is compared on the EndpointSlices that the real controllers made, `dns+slices` on our own; `resolv.conf` is that of random Pods.
 * @param root the folder `test/oracle`.
 * @param clusters a folder of clusters
 */
export async function compareDnsOf(root: string, clusters: string, compare: Compare): Promise<void> {
  for (const [name, result] of await askCoreDns(root, clusters)) {
    compareSlices(name, 'dns', result, 'real', compare);
    if (isFresh(result)) compareSlices(name, 'dns+slices', result, 'own', compare);
    const { expected, actual } = compareResolvConfs(root, name);
    compare(name, 'resolv.conf', expected, actual);
  }
}

/** What CoreDNS says of each cluster of a folder, or of the one that the folder is. */
export async function askCoreDns(root: string, clusters: string): Promise<ReadonlyMap<string, OracleResult>> {
  const program = join(root, 'bin', 'stages');
  for (const file of [program, join(root, 'bin', 'coredns')])
    if (!existsSync(file)) throw new Error(`${file} is missing: run test/oracle/build.sh api and coredns`);
  const out = mkdtempSync(join(tmpdir(), 'oracle-'));
  try {
    await run(program, ['-stages', 'validate,endpoints,dns', '-variants', '-out-dir', out, clusters], {
      maxBuffer: 1 << 26,
    });
    const read = (file: string) => JSON.parse(readFileSync(join(out, file), 'utf8')) as OracleResult;
    const files = readdirSync(out).sort();
    return new Map(files.map((file) => [basename(file, '.json'), read(file)]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function compareSlices(
  name: string,
  artifact: string,
  result: OracleResult,
  slices: 'real' | 'own',
  compare: Compare,
): void {
  const cluster = servedObjects(storedObjects(result, slices), slices === 'real');
  const { expected, actual } = compareDns(cluster, result.dns);
  compare(name, artifact, expected, actual);
}
