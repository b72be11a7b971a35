/** What users get from npm: a package that is whole, small and always the same, whose library has types and whose programs run. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildCopy, install, pack, remove, run } from '../support/packed.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const ROOT = join(import.meta.dirname, '../..');
let built: string;
let archive: string;
let installed: string;
const inPackage = (...steps: readonly string[]) => join(installed, 'node_modules/kubectl-svcrules', ...steps);

beforeAll(() => {
  built = buildCopy();
  archive = pack(built, join(built, 'first'));
  installed = install(archive);
});
afterAll(() => remove(built, installed));

const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('the package', () => {
  it('is the same whenever and wherever it is built', () => {
    const again = buildCopy();
    try {
      utimesSync(join(again, 'dist/cli.js'), 1, 1);
      expect(digest(pack(again, join(again, 'second')))).toBe(digest(archive));
    } finally {
      remove(again);
    }
  });

  it('has what is needed and nothing else', () => {
    expect(readdirSync(inPackage()).sort()).toEqual([
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'man',
      'package.json',
    ]);
    const dist = readdirSync(inPackage('dist'));
    expect(dist).toEqual(expect.arrayContaining(['cli.js', 'index.js', 'types', 'THIRD-PARTY-LICENSES']));
    expect(dist.filter((name) => !/\.js$/.test(name)).sort()).toEqual([
      'THIRD-PARTY-LICENSES',
      'sbom.cdx.json',
      'types',
    ]);
  });

  it('says what of others is in it, with the licences', () => {
    const licences = readFileSync(inPackage('dist/THIRD-PARTY-LICENSES'), 'utf8');
    const { components } = JSON.parse(readFileSync(inPackage('dist/sbom.cdx.json'), 'utf8')) as {
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['chalk', 'commander', 'execa', 'js-yaml']),
    );
    for (const { name, version } of components) expect(licences).toContain(`${name} ${version}, `);
  });

  it('depends on no other', () => {
    const manifest = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies'])
      expect(manifest).not.toHaveProperty(field);
    expect(readdirSync(join(installed, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'kubectl-svcrules',
    ]);
  });

  it('has programs that run', () => {
    const cluster = join(ROOT, 'fixtures/clusters/mysql/cluster.yaml');
    const command = join(installed, 'node_modules/.bin/kubectl-svcrules');
    const expected = readFileSync(join(ROOT, 'fixtures/clusters/mysql/expected/iptables.ipv4.save'), 'utf8');
    expect(run(command, ['compile', '-f', cluster], installed)).toBe(expected);
  });
});

describe('the library', () => {
  const tsc = (...flags: readonly string[]) =>
    run(
      process.execPath,
      [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        ...['--strict', '--target', 'es2023', '--lib', 'es2023', '--types', 'node', '--outDir', 'out'],
        ...flags,
        'report.ts',
      ],
      installed,
    );

  beforeAll(() => {
    cpSync(join(ROOT, 'examples/library/report.ts'), join(installed, 'report.ts'));
    // Those of Node refer to others. Copies: npm would clean up through a link.
    for (const types of ['@types', 'undici-types'])
      cpSync(join(ROOT, 'node_modules', types), join(installed, 'node_modules', types), { recursive: true });
  });

  it.each([
    ['NodeNext', ['--module', 'nodenext']],
    ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('has types that hold for %s', (_, flags) => {
    expect(tsc(...flags, '--noEmit')).toBe('');
  });

  it('has types that refuse what is wrong', () => {
    writeFileSync(
      join(installed, 'wrong.ts'),
      "import { compile } from 'kubectl-svcrules';\nawait compile({ objects: [], mode: 'ebtables' });\n",
    );
    const check = () =>
      run(
        process.execPath,
        [
          join(ROOT, 'node_modules/typescript/bin/tsc'),
          '--noEmit',
          '--module',
          'nodenext',
          '--types',
          'node',
          'wrong.ts',
        ],
        installed,
      );
    expect(check).toThrow(/"ebtables"' is not assignable/);
  });

  it('runs the example', () => {
    tsc('--module', 'nodenext');
    const manifests = join(ROOT, 'fixtures/examples/web.yaml');
    const report = run(process.execPath, ['out/report.js', manifests, 'prod/web'], installed);
    expect(report.split('\n')).toEqual(expect.arrayContaining([...REPORT]));
  });
});

/** A line of each part; how many findings and records there are is for other tests. */
const REPORT: readonly string[] = [
  'node: worker-1, kube-proxy 1.37, mode iptables',
  'slice: web-ipv4-0',
  'endpoint: 10.244.1.3:8080, not ready since 2026-01-01T14:02:00Z',
  'endpoint: 10.244.2.9:8080, ready',
  'trace: 1/2 delivered to 10.244.1.8',
  'trace: 1/2 delivered to 10.244.2.9',
  'diff: the same',
  'diff: delivery-dropped, 1 in 2 new connections to prod/web:80 is dropped and hangs until it times out',
  'dns: web.prod.svc.cluster.local. 30 IN A 10.96.14.7',
  'env: WEB_SERVICE_HOST=10.96.14.7',
  expect.stringContaining('refused: metadata.name "UPPER" must be a DNS label'),
];
