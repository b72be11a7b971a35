/**
 * Prints rulesets as text for the kernel's tools.
 *
 * `iptables-save` spelling is the kernel's (header fields first, masks and defaults written out), as iptables 1.8.9
 * prints it; `iptables-restore` spelling is kube-proxy's own. Only sync chains are in the latter.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { printKernelRule } from './print-kernel-rule.ts';
import { printProxyRule } from './print-proxy-rule.ts';
import type { Rule } from './rule.ts';
import type { Chain, Ruleset } from './ruleset.ts';

/** Text is handed on in pieces of about this many characters. */
const PIECE = 1 << 16;

/** What `iptables-save` prints (without its comment lines) after kube-proxy's first sync on a clean host. */
export function printSave(ruleset: Ruleset): Iterable<string> {
  return print(ruleset, () => true, printKernelRule);
}

/** What kube-proxy feeds to `iptables-restore --noflush`; applying it again changes nothing. */
export function printRestore(ruleset: Ruleset): Iterable<string> {
  return print(ruleset, (chain) => chain.writer === 'sync', printProxyRule);
}

function* print(
  ruleset: Ruleset,
  includes: (chain: Chain) => boolean,
  printRule: (rule: Rule, family: IPFamily) => string,
): Generator<string> {
  let piece = '';
  let lines = 0;
  for (const table of ruleset.tables) {
    const chains = table.chains.filter(includes);
    if (chains.length === 0) continue;
    piece += `*${table.name}\n`;
    lines++;
    for (const chain of chains) {
      piece += `:${chain.name} ${chain.writer === 'kernel' ? 'ACCEPT' : '-'} [0:0]\n`;
      lines++;
      if (piece.length > PIECE) {
        yield checked(piece, lines);
        piece = '';
        lines = 0;
      }
    }
    for (const chain of chains) {
      for (const rule of chain.rules) {
        piece += `-A ${chain.name}${printRule(rule, ruleset.family)}\n`;
        lines++;
      }
      if (piece.length > PIECE) {
        yield checked(piece, lines);
        piece = '';
        lines = 0;
      }
    }
    piece += 'COMMIT\n';
    lines++;
  }
  yield checked(piece, lines);
}

/**
 * The last line of defence against injection: names are validated when objects are admitted, but nothing that could add
 * a line or make iptables-restore run a program may be written, whatever happened before.
 * @throws Error
 */
export function checked(piece: string, lines: number): string {
  let found = 0;
  for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) found++;
  if (found !== lines || piece.includes('\r') || piece.includes('\0') || piece.includes('--modprobe')) {
    throw new Error('refusing to write rules that hold CR, LF, NUL or --modprobe within a line');
  }
  return piece;
}
