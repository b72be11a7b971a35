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
  for (const table of ruleset.tables) {
    const chains = table.chains.filter(includes);
    if (chains.length === 0) continue;
    piece += `*${table.name}\n`;
    for (const chain of chains) {
      piece += `:${checked(chain.name)} ${chain.writer === 'kernel' ? 'ACCEPT' : '-'} [0:0]\n`;
      if (piece.length > PIECE) {
        yield piece;
        piece = '';
      }
    }
    for (const chain of chains) {
      for (const rule of chain.rules) {
        piece += `-A ${chain.name}${checked(printRule(rule, ruleset.family))}\n`;
        if (piece.length > PIECE) {
          yield piece;
          piece = '';
        }
      }
    }
    piece += 'COMMIT\n';
  }
  yield piece;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that end a line for the tools
const UNSAFE = /[\r\n\0]|--modprobe/;

/**
 * The last line of defence against injection: names are validated when objects are admitted, but nothing that could end
 * a line or make iptables-restore run a program may be written whatever happens before.
 */
function checked(text: string): string {
  if (UNSAFE.test(text)) throw new Error(`refusing to write the rule text ${JSON.stringify(text)}`);
  return text;
}
