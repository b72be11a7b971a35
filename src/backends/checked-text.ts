/** What no text for a tool of the host may have in it. In: a text and how many lines it should have. Out: the text itself. */

/**
 * The last line of defence against injection: names are validated when objects are admitted, but nothing that could add
 * a line or make iptables-restore run a program may be written, whatever happened before.
 * @throws Error
 */
export function checked(piece: string, lines: number): string {
  let found = 0;
  for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) found++;
  if (found !== lines || /[^\n -~]/.test(piece) || piece.includes('--modprobe')) {
    throw new Error(
      'refusing to write rules with line breaks, other than printable ASCII, or --modprobe in them',
    );
  }
  return piece;
}
