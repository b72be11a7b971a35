export function archiveName(
  version: string,
  platform: { readonly os: string; readonly arch: string },
): string;

export interface PublishedRelease {
  readonly version: string;
  readonly homepage: string;
  /** Where the files of the release are found. */
  readonly download: string;
  /** SHA-256 by the archive's name. */
  readonly digests: ReadonlyMap<string, string>;
}

export function krewManifest(template: string, release: PublishedRelease): string;
