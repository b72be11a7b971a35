/**
 * Bundles the program into dist/: the command line, whose commands are chunks of their own, and the typed library.
 * Everything it needs is in the bundle; what is bundled is listed in dist/sbom.cdx.json, its licences are gathered in
 * dist/THIRD-PARTY-LICENSES.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { buildTypes } from './build-types.js';
import { billOfMaterials } from './sbom.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { cli: 'src/cli/entry.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { SVCRULES_VERSION: JSON.stringify(version) },
  // commander is CommonJS and asks for Node's own modules by `require`.
  banner: {
    js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
});

const packages = new Set(
  Object.keys(metafile.inputs)
    .map((input) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1])
    .filter((name) => name !== undefined),
);
const bundled = [...packages].sort();
const licences = bundled.map((name) => {
  const folder = `node_modules/${name}`;
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `${name} ${manifest.version}, ${manifest.license}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
});
writeFileSync('dist/THIRD-PARTY-LICENSES', licences.join(`\n${'-'.repeat(80)}\n\n`));
writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(billOfMaterials(bundled), null, 2)}\n`);
buildTypes('dist/types');
