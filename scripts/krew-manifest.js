/** The manifest for krew. In: the template, and what the archives of a release are. Out: the manifest of that release. */
import { dump, load } from 'js-yaml';

/** @param {{ os: string, arch: string }} platform as Kubernetes names them */
export function archiveName(version, { os, arch }) {
  return `kubectl-svcrules_v${version}_${os}_${arch}.tar.gz`;
}

/**
 * @param {string} template
 * @param {{ version: string, homepage: string, download: string, digests: ReadonlyMap<string, string> }} release
 * `download` is where its files are found; `digests` are SHA-256 by the archive's name
 */
export function krewManifest(template, { version, homepage, download, digests }) {
  const manifest = load(template);
  const platforms = manifest.spec.platforms.flatMap((platform) => {
    const name = archiveName(version, platform.selector.matchLabels);
    const sha256 = digests.get(name);
    return sha256 === undefined ? [] : [{ ...platform, uri: `${download}/${name}`, sha256 }];
  });
  if (platforms.length === 0) throw new Error('no archive is for a platform of the manifest');
  const spec = { ...manifest.spec, version: `v${version}`, homepage, platforms };
  return dump({ ...manifest, spec }, { lineWidth: -1 });
}
