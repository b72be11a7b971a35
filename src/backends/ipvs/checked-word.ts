/** The last line of defence against injection: what stands unquoted in a shell's command, or in a line for ipvsadm or ipset. */

/** Addresses, CIDRs, ports and names of sets and schedulers. @throws Error */
export function checkedWord(word: string): string {
  if (/^[A-Za-z0-9:[][A-Za-z0-9.:,/[\]_-]*$/.test(word) && !word.endsWith('\n')) return word;
  throw new Error(`refusing to write ${JSON.stringify(word)} into rules of ipvs`);
}

/** As a word of a shell's command, where brackets would stand for names of files. @throws Error */
export function shellWord(word: string): string {
  return word.includes('[') ? `'${checkedWord(word)}'` : checkedWord(word);
}
