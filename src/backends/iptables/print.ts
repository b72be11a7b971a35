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
import { type Chain, namesInOrder, type Ruleset } from './ruleset.ts';

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
  const pieces = new Pieces();
  for (const table of tables) {
    const chains = table.chains.filter(includes);
    if (chains.length === 0) continue;
    // Rules are made in the order of compilation: names are hashes, and in their order each step would be a jump through
    // the memory of a big cluster.
    const printed = new Map(
      chains.map((chain) => {
        const compute = () => printChain(chain, spelling, family);
        return [chain.name, memo?.printed(chain, spelling, compute) ?? compute()];
      }),
    );
    const names = memo?.namesInOrder(table.name, printed) ?? namesInOrder(table.name, printed.keys());
    yield* pieces.add(`*${table.name}\n`);
    for (const name of names) yield* pieces.add((printed.get(name) as PrintedChain).declaration);
    for (const name of names) yield* pieces.add((printed.get(name) as PrintedChain).rules);
    yield* pieces.add('COMMIT\n');
  }
  yield* pieces.end();
}

/** Joins small texts to pieces that are worth a write. */
class Pieces {
  private piece = '';

  *add(text: string): Generator<string> {
    this.piece += text;
    if (this.piece.length > PIECE) yield* this.end();
  }

  *end(): Generator<string> {
    yield this.piece;
    this.piece = '';
  }
}

function printChain({ name, writer, rules }: Chain, spelling: Spelling, family: IPFamily): PrintedChain {
  const head = `-A ${name}`;
  let text = '';
  for (const rule of rules) {
    text += `${head}${spelling === 'kernel' ? printKernelRule(rule, family) : printProxyRule(rule)}\n`;
  }
  return {
    declaration: checked(`:${name} ${writer === 'kernel' ? 'ACCEPT' : '-'} [0:0]\n`, 1),
    rules: checked(text, rules.length),
  };
}

/**
 * The last line of defence against injection: names are validated when objects are admitted, but nothing that could add
 * a line or make iptables-restore run a program may be written, whatever happened before.
 * @throws Error
 */
export function checked(text: string, lines: number): string {
  let found = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) found++;
  if (found !== lines || text.includes('\r') || text.includes('\0') || text.includes('--modprobe')) {
    throw new Error('refusing to write rules that hold CR, LF, NUL or --modprobe within a line');
  }
  return text;
}
