/**
 * The last line of defence against injection: names and addresses are validated when objects are admitted, but nothing that
 * could end a word, a comment or a line may be written, whatever happened before.
 */

/** The name of a chain, set, map or counter: what nft takes without quotes. @throws Error */
export function checkedName(name: string): string {
  return refuseUnless(/^[a-z][A-Za-z0-9_./-]*$/, name);
}

/** An address, a CIDR, a range of addresses or a keyword. @throws Error */
export function checkedWord(word: string): string {
  return refuseUnless(/^[a-z0-9.:/-]+$/, word);
}

/** What stands between quotation marks: printable ASCII without `"`, and without `\`, which nft does not let one write. @throws Error */
export function checkedComment(text: string): string {
  return refuseUnless(/^[ !#-[\]-~]+$/, text);
}

function refuseUnless(allowed: RegExp, text: string): string {
  if (allowed.test(text) && !text.endsWith('\n')) return text;
  throw new Error(`refusing to write ${JSON.stringify(text)} into rules of nftables`);
}
