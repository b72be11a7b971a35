/**
 * Measures modes ipvs and iptables in user-mode-linux, because few kernels of virtual machines have IPVS. In: folders of artifacts. Out:
 * times, which are long there and count only against each other.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Mode } from './cluster.ts';
import type { FirstPackets, UmlSize } from './measurements.ts';
import { round } from './sizes.ts';

const MODES = ['iptables', 'ipvs'] as const;
const SECONDS = 1500;

export async function measureUml(
  repository: string,
  work: string,
  sizes: readonly {
    readonly services: number;
    readonly folders: ReadonlyMap<Mode, string>;
    readonly ends: { readonly first: string; readonly last: string };
  }[],
  runs: number,
): Promise<UmlSize[]> {
  const lines = sizes.map(({ services, folders, ends: { first, last } }) =>
    [services, folders.get('iptables'), folders.get('ipvs'), `${first} ${last}\n`].join(' '),
  );
  writeFileSync(join(work, 'sizes'), lines.join(''));
  writeFileSync(join(work, 'results'), '');
  const scripts = join(repository, 'scripts/measure-modes');
  const boot = join(repository, 'test/oracle/kube-proxy/uml.sh');
  const log = join(work, 'uml.log');
  await promisify(execFile)('bash', [boot, 'bash', join(scripts, 'uml-modes.sh'), work, `${runs}`, scripts], {
    env: { ...process.env, UML_LOG: log, UML_TIMEOUT: `${SECONDS}`, UML_MEM: '2048M' },
  });
  const printed = readFileSync(log, 'utf8');
  if (!printed.endsWith('done\n')) throw new Error(`user-mode-linux: ${printed.slice(-4000)}`);
  const results = readFileSync(join(work, 'results'), 'utf8').trimEnd().split('\n');
  return sizes.map(({ services }) => sizeOf(services, results));
}

function sizeOf(services: number, results: readonly string[]): UmlSize {
  const of = (kind: string, mode: string) => {
    const head = `${kind} ${services} ${mode} `;
    return results.filter((line) => line.startsWith(head)).map((line) => JSON.parse(line.slice(head.length)));
  };
  const packets = (mode: string): FirstPackets => {
    const runs: readonly (readonly number[])[] = of('packets', mode);
    const [first = [], last = [], elsewhere = []] = [0, 1, 2].map((i) =>
      runs.map((run) => round(run[i] ?? 0)),
    );
    return { first, last, elsewhere };
  };
  return {
    services,
    loads: Object.fromEntries(
      MODES.map((mode) => [mode, of('load', mode).map((time) => round(time / 1000))]),
    ),
    modes: Object.fromEntries(MODES.map((mode) => [mode, packets(mode)])),
  };
}
