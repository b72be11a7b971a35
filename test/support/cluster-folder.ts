/**
 * A cluster on disk: `cluster.yaml` (any manifests), `config.yaml` (a KubeProxyConfiguration, may be absent) and
 * `oracle.json` (how to run it, may be absent). Beside them stand folders of expected texts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `oracle.json`, which the oracle reads as well. */
export interface ClusterOptions {
  /** Default: the configuration's `hostnameOverride`, else the first Node of the input. */
  readonly node?: string;
  /** The kernel has nfacct. */
  readonly nfacct?: boolean;
  /** Addresses on the host's interfaces; default: the Node's InternalIPs. */
  readonly localAddrs?: readonly string[];
  /** How often mode ipvs syncs; default: 1. */
  readonly ipvsSyncs?: number;
  /** The first release for which the cluster's outcome is defined; default: all. */
  readonly firstRelease?: string;
}

export function readClusterOptions(folder: string): ClusterOptions {
  const file = join(folder, 'oracle.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterOptions) : {};
}

/** The folders below `root` that hold a `cluster.yaml`, by name. */
export function listClusters(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'cluster.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/** Every file of a folder, by name. */
export function readTexts(folder: string): Map<string, string> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** `1.9` is before `1.25`. */
export function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}
