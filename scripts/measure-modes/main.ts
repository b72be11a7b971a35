/** Measures the modes and writes docs/modes.md. In: flags, see USAGE. Out: docs/modes/measurements.json, the drawings and the page. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTexts, ENDPOINTS, endsOfWalk, MODES, type Mode, type Texts } from './cluster.ts';
import { measureLookups } from './lookups.ts';
import { describeMachine } from './machine.ts';
import type { Lookups, Measurements, Size } from './measurements.ts';
import { drawings, fillPage } from './page.ts';
import { measurePaths } from './paths.ts';
import { countTexts, measureLoads } from './sizes.ts';
import { measureUml } from './uml.ts';

const USAGE = `usage: npm run measure-modes -- [flags]
  --runs N         how often everything is measured, taking turns (default 5)
  --sizes A,B      numbers of Services (default 100,1000,10000)
  --page           write the page from the present measurements, and measure nothing
Needs root, iptables, nft, ipset, haproxy, nginx, python3, user-mode-linux, kmod and ipvsadm. All of it runs in network namespaces.
`;

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '100,1000,10000' },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const file = join(repository, 'docs/modes/measurements.json');
  if (!values.page) {
    const measured = await measure(repository, values.sizes.split(',').map(Number), Number(values.runs));
    mkdirSync(join(repository, 'docs/modes'), { recursive: true });
    writeFileSync(file, `${JSON.stringify(measured, null, 1)}\n`);
  }
  const measured = JSON.parse(readFileSync(file, 'utf8')) as Measurements;
  const page = join(repository, 'docs/modes.md');
  writeFileSync(page, fillPage(readFileSync(page, 'utf8'), measured));
  for (const [name, text] of drawings(measured)) writeFileSync(join(repository, 'docs/modes', name), text);
  return 0;
}

async function measure(repository: string, sizes: readonly number[], runs: number): Promise<Measurements> {
  const scripts = join(repository, 'scripts/measure-modes');
  const work = mkdtempSync(join(tmpdir(), 'svcrules-modes-'));
  const say = (what: string) => process.stderr.write(`${what}\n`);
  try {
    say('ways through a node');
    const one = writeTexts(join(work, 'one'), await textsOf(1, 'TCP'));
    const paths = await measurePaths(scripts, one, runs);
    const counted: Size[] = [];
    const lookups: Lookups[] = [];
    const folders = new Map<number, ReadonlyMap<Mode, string>>();
    const ends = new Map<number, { readonly first: string; readonly last: string }>();
    for (const services of sizes) {
      say(`${services} Services: loading`);
      const texts = await textsOf(services, 'TCP');
      const loads = await measureLoads(writeTexts(join(work, `tcp-${services}`), texts), runs);
      counted.push({ services, counts: countTexts(texts), loads });
      say(`${services} Services: first packets`);
      const datagrams = await textsOf(services, 'UDP');
      const written = writeTexts(join(work, `udp-${services}`), datagrams);
      folders.set(services, written);
      ends.set(services, endsOfWalk(datagrams.get('iptables') as Texts));
      const end = ends.get(services) as { first: string; last: string };
      lookups.push({ services, modes: await measureLookups(scripts, written, end, runs) });
    }
    say('user-mode-linux');
    const uml = await measureUml(repository, work, folders, ends, runs);
    return { machine: describeMachine(), endpoints: ENDPOINTS, runs, sizes: counted, lookups, paths, uml };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function textsOf(services: number, protocol: 'TCP' | 'UDP'): Promise<ReadonlyMap<Mode, Texts>> {
  const texts = new Map<Mode, Texts>();
  for (const mode of MODES) texts.set(mode, await compileTexts(mode, services, protocol));
  return texts;
}

/** @returns the folder of each mode */
function writeTexts(root: string, texts: ReadonlyMap<Mode, Texts>): ReadonlyMap<Mode, string> {
  const folders = new Map<Mode, string>();
  for (const [mode, artifacts] of texts) {
    const folder = join(root, mode);
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of artifacts) writeFileSync(join(folder, name), text);
    folders.set(mode, folder);
  }
  return folders;
}
