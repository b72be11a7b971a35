/** The version of this package; the build puts it in place of the identifier. */
declare const SVCRULES_VERSION: string | undefined;

export function version(): string {
  return typeof SVCRULES_VERSION === 'undefined' ? 'development' : SVCRULES_VERSION;
}
