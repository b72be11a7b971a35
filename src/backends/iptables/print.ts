/**
 * Prints rulesets as text for the kernel's tools.
 *
 * `iptables-save` spelling is the kernel's (header fields first, masks and defaults written out), as iptables 1.8.9
 * prints it; `iptables-restore` spelling is kube-proxy's own. Only sync chains are in the latter.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { IptablesMemo, PrintedChain, Spelling } from './memo.ts';
import { printKernelRule } from './print-kernel-rule.ts';
import { printProxyRule } from './print-proxy-rule.ts';
import type { Chain, Ruleset } from './ruleset.ts';

/** Text is handed on in pieces of about this many characters. */
const PIECE = 1 << 16;

/** What `iptables-save` prints (without its comment lines) after kube-proxy's first sync on a clean host. */
export function printSave(ruleset: Ruleset, memo?: IptablesMemo): Iterable<string> {
  return print(ruleset, () => true, 'kernel', memo);
}

/** What kube-proxy feeds to `iptables-restore --noflush`; applying it again changes nothing. */
export function printRestore(ruleset: Ruleset, memo?: IptablesMemo): Iterable<string> {
  return print(ruleset, (chain) => chain.writer === 'sync', 'proxy', memo);
}

function* print(
  { tables, family }: Ruleset,
  includes: (chain: Chain) => boolean,
  spelling: Spelling,
  memo: IptablesMemo | undefined,
): Generator<string> {
  let piece = '';
  let lines = 0;
  for (const table of tables) {
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
      const printed =
        memo?.printed(chain, spelling, printChain, family) ?? printChain(chain, spelling, family);
      piece += printed.text;
      lines += printed.lines;
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

function printChain({ name, rules }: Chain, spelling: Spelling, family: IPFamily): PrintedChain {
  const head = `-A ${name}`;
  let text = '';
  for (const rule of rules) {
    text += `${head}${spelling === 'kernel' ? printKernelRule(rule, family) : printProxyRule(rule)}\n`;
  }
  return { text, lines: rules.length };
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
