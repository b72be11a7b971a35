/** What the real kube-proxy programs in modes nftables and ipvs is never a difference, whichever release it is of, and named or not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUPPORTED_RELEASES } from '../../src/index.ts';
import { compareReleases, listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { inputFlags, runCaptured } from '../support/compile-cluster.ts';

type Mode = 'nftables' | 'ipvs';

/** Without what kube-proxy writes but no tool prints. */
const OUTPUTS: Readonly<Record<Mode, RegExp>> = {
  nftables: /^nftables\.ipv[46]\.list(@|$)/,
  ipvs: /^ipvs\.(ipvsadm|ipset\.save|addrs|ipv[46]\.save)(@|$)/,
};

interface Outputs {
  readonly folder: string;
  readonly mode: Mode;
  readonly release: string;
  readonly files: readonly string[];
}

/** Under `fixtures/clusters`, all are of the newest release; under `fixtures/releases`, the names tell. */
function outputsOf(root: string): readonly Outputs[] {
  return listClusters(root).flatMap((name) =>
    (['nftables', 'ipvs'] as const).flatMap((mode) => {
      const folder = join(root, name);
      const names = readdirSync(join(folder, 'expected')).filter((file) => OUTPUTS[mode].test(file));
      const releases = names.some((file) => file.includes('@')) ? SUPPORTED_RELEASES : ['1.37'];
      return releases.flatMap((release) => {
        const files = names.filter((file) => isOf(release, file));
        return files.length === 0 ? [] : [{ folder, mode, release, files }];
      });
    }),
  );
}

function isOf(release: string, file: string): boolean {
  const [, first, last] = /@(.*)-(.*)$/.exec(file) ?? [];
  if (first === undefined || last === undefined) return true;
  return compareReleases(first, release) <= 0 && compareReleases(release, last) <= 0;
}

async function diff({ folder, mode, files }: Outputs, release: string | undefined): Promise<string> {
  const { ipvsSyncs: _, ...options } = readClusterOptions(folder);
  const dumps = files.flatMap((file) => ['--dump', join(folder, 'expected', file)]);
  const flags = inputFlags(folder, { ...options, ...(release === undefined ? {} : { release }) });
  const { status, stdout, stderr } = await runCaptured(['diff', ...flags, '--mode', mode, ...dumps]);
  return status === 0 ? '' : `exit ${status}: ${stdout}${stderr}`;
}

describe.each(['fixtures/clusters', 'fixtures/releases'])('the real outputs in %s', (root) => {
  const all = outputsOf(root);

  it('are of both modes', () => {
    for (const mode of ['nftables', 'ipvs'])
      expect(all.filter((each) => each.mode === mode).length).toBeGreaterThan(9);
  });

  it.each(all)('are equal: $folder, $mode of $release', async (outputs) => {
    expect(await diff(outputs, outputs.release)).toBe('');
    expect(await diff(outputs, undefined)).toBe('');
  }, 30_000);
});
