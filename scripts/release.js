/**
 * What is published of a version, made on this machine. In: the sources. Out, in release/: the package for npm, an archive with the
 * executable for this platform, the bill of materials, the manifest for krew, and SHA256SUMS.
 *
 *   npm run release -- --homepage URL --download URL --node-licence FILE
 *
 * `--download` is where the files of this version will be found. `--node-licence` is the licence of the Node.js that is in the
 * executable, which has to go with it. Archives of other platforms that are in release/ already are listed too.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { archiveName, krewManifest } from './krew-manifest.js';

const { values } = parseArgs({
  options: {
    homepage: { type: 'string' },
    download: { type: 'string' },
    'node-licence': { type: 'string' },
    out: { type: 'string', default: 'release' },
  },
});
for (const flag of ['homepage', 'download', 'node-licence']) {
  if (values[flag] === undefined) throw new Error(`--${flag} is missing`);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const out = values.out;
const ARCHES = { x64: 'amd64', arm64: 'arm64' };
const platform = { os: process.platform, arch: ARCHES[process.arch] ?? process.arch };

mkdirSync(out, { recursive: true });
execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', out], {
  stdio: ['ignore', 'ignore', 2],
});
copyFileSync('dist/sbom.cdx.json', join(out, 'sbom.cdx.json'));
packExecutable(join(out, archiveName(version, platform)));

const digests = new Map(
  readdirSync(out)
    .filter((name) => /\.(tgz|tar\.gz|json)$/.test(name))
    .sort()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    ]),
);
const { homepage, download } = values;
const template = readFileSync('deploy/krew/svcrules.yaml', 'utf8');
writeFileSync(join(out, 'svcrules.yaml'), krewManifest(template, { version, homepage, download, digests }));
writeFileSync(join(out, 'SHA256SUMS'), [...digests].map(([name, digest]) => `${digest}  ${name}\n`).join(''));

/** The same bytes for the same files: no times, no owners. */
function packExecutable(archive) {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-release-'));
  try {
    const executable = execFileSync(process.execPath, ['scripts/build-sea.js', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    copyFileSync(executable, join(folder, 'kubectl-svcrules'));
    copyFileSync('bin/kubectl_complete-svcrules', join(folder, 'kubectl_complete-svcrules'));
    copyFileSync('man/kubectl-svcrules.1', join(folder, 'kubectl-svcrules.1'));
    copyFileSync('LICENSE', join(folder, 'LICENSE'));
    copyFileSync('dist/THIRD-PARTY-LICENSES', join(folder, 'THIRD-PARTY-LICENSES'));
    copyFileSync(values['node-licence'], join(folder, 'NODE-LICENSE'));
    const names = [
      'LICENSE',
      'NODE-LICENSE',
      'THIRD-PARTY-LICENSES',
      'kubectl-svcrules',
      'kubectl-svcrules.1',
      'kubectl_complete-svcrules',
    ];
    const tar = ['--format=ustar', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    const plain = join(folder, 'archive.tar');
    execFileSync('tar', [...tar, '-cf', plain, '-C', folder, ...names], { stdio: 'inherit' });
    execFileSync('gzip', ['-n', '-9', plain]);
    copyFileSync(`${plain}.gz`, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
