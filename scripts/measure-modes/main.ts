/** Measures the modes and writes docs/modes.md. In: flags, see USAGE. Out: docs/modes/measurements.json, the drawings and the page. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  --only PARTS     of paths, sizes, lookups, uml; the others stay as they are in the file (default all)
  --page           write the page from the present measurements, and measure nothing
Needs root, iptables, nft, ipset, haproxy, nginx, python3, user-mode-linux, kmod and ipvsadm. All of it runs in network namespaces.
`;

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '100,1000,10000' },
      only: { type: 'string', default: 'paths,sizes,lookups,uml' },
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
    const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Measurements) : undefined;
    const sizes = values.sizes.split(',').map(Number);
    const parts = await measure(repository, values.only.split(','), sizes, Number(values.runs));
    mkdirSync(join(repository, 'docs/modes'), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ ...before, ...parts }, null, 1)}\n`);
  }
  const measured = JSON.parse(readFileSync(file, 'utf8')) as Measurements;
  const page = join(repository, 'docs/modes.md');
  writeFileSync(page, fillPage(readFileSync(page, 'utf8'), measured));
  for (const [name, text] of drawings(measured)) writeFileSync(join(repository, 'docs/modes', name), text);
  return 0;
}

async function measure(
  repository: string,
  only: readonly string[],
  sizes: readonly number[],
  runs: number,
): Promise<Partial<Measurements>> {
  const scripts = join(repository, 'scripts/measure-modes');
  const work = mkdtempSync(join(tmpdir(), 'svcrules-modes-'));
  const say = (what: string) => process.stderr.write(`${what}\n`);
  const clusters = async (services: number, protocol: 'TCP' | 'UDP') => {
    const texts = await textsOf(services, protocol);
    const folders = writeTexts(join(work, `${protocol}-${services}`), texts);
    return { services, texts, folders, ends: endsOfWalk(texts.get('iptables') as Texts) };
  };
  const parts: { -readonly [Part in keyof Measurements]?: Measurements[Part] } = {};
  try {
    if (only.includes('paths')) {
      say('ways through a node');
      parts.paths = await measurePaths(scripts, (await clusters(1, 'TCP')).folders, runs);
    }
    if (only.includes('sizes')) {
      const measured: Size[] = [];
      for (const services of sizes) {
        say(`${services} Services: loading`);
        const { texts, folders } = await clusters(services, 'TCP');
        measured.push({ services, counts: countTexts(texts), loads: await measureLoads(folders, runs) });
      }
      parts.sizes = measured;
    }
    if (only.includes('lookups')) {
      const measured: Lookups[] = [];
      for (const services of sizes) {
        say(`${services} Services: first packets`);
        const { folders, ends } = await clusters(services, 'UDP');
        measured.push({ services, modes: await measureLookups(scripts, folders, ends, runs) });
      }
      parts.lookups = measured;
    }
    if (only.includes('uml')) {
      say('user-mode-linux');
      const all = [];
      for (const services of sizes) all.push(await clusters(services, 'UDP'));
      parts.uml = await measureUml(repository, work, all, runs);
    }
    return { machine: describeMachine(), endpoints: ENDPOINTS, runs, ...parts };
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
