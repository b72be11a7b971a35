/** The manifest for krew, as a release fills it in: what krew's index asks of it. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { archiveName, krewManifest } from '../../scripts/krew-manifest.js';

const TEMPLATE = readFileSync('deploy/krew/svcrules.yaml', 'utf8');
const DIGEST = 'ab'.repeat(32);
const RELEASE = {
  version: '1.2.3',
  homepage: 'https://example.com',
  download: 'https://example.com/v1.2.3',
  digests: new Map([
    ['kubectl-svcrules_v1.2.3_linux_amd64.tar.gz', DIGEST],
    ['kubectl-svcrules-1.2.3.tgz', 'cd'.repeat(32)],
  ]),
};

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly version: string;
    readonly shortDescription: string;
    readonly platforms: readonly {
      readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
      readonly uri: string;
      readonly sha256: string;
      readonly bin: string;
    }[];
  };
}

describe('the manifest for krew', () => {
  const { metadata, spec } = load(krewManifest(TEMPLATE, RELEASE)) as Manifest;

  it('has the platforms for which there is an archive', () => {
    expect(spec.platforms).toEqual([
      {
        selector: { matchLabels: { os: 'linux', arch: 'amd64' } },
        uri: 'https://example.com/v1.2.3/kubectl-svcrules_v1.2.3_linux_amd64.tar.gz',
        sha256: DIGEST,
        bin: 'kubectl-svcrules',
      },
    ]);
  });

  it('is what krew takes', () => {
    expect(metadata.name).toMatch(/^[a-z0-9-]+$/);
    expect(spec.version).toBe('v1.2.3');
    expect(spec.shortDescription.length).toBeLessThanOrEqual(60);
    expect(JSON.stringify(spec)).not.toMatch(/"(VERSION|HOMEPAGE|URI|SHA256)"/);
  });

  it('is not made without an archive', () => {
    expect(() => krewManifest(TEMPLATE, { ...RELEASE, digests: new Map() })).toThrow(/no archive/);
  });

  it('names archives as Kubernetes names platforms', () => {
    expect(archiveName('1.2.3', { os: 'darwin', arch: 'arm64' })).toBe(
      'kubectl-svcrules_v1.2.3_darwin_arm64.tar.gz',
    );
  });
});
