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
import { BUILTIN_CHAINS, type Chain, chainsOfTable, type Ruleset, type Table } from './ruleset.ts';
import { TextStore } from './text-store.ts';

type PrintRule = (rule: Rule, family: IPFamily) => string;

/** What `iptables-save` prints (without its comment lines) after kube-proxy's first sync on a clean host. */
export function* printSave(ruleset: Ruleset): Generator<string> {
  for (const table of ruleset.tables) yield* printTable(table, ruleset, () => true, printKernelRule);
}

/** What kube-proxy feeds to `iptables-restore --noflush`; applying it again changes nothing. */
export function* printRestore(ruleset: Ruleset): Generator<string> {
  for (const table of ruleset.tables)
    yield* printTable(table, ruleset, ({ writer }) => writer === 'sync', printProxyRule);
}

/** Nothing for a table without any such chain. */
function* printTable(
  table: Table,
  { family, servicePorts }: Ruleset,
  includes: (chain: Chain) => boolean,
  print: PrintRule,
): Generator<string> {
  const store = new TextStore(checked);
  for (const chain of chainsOfTable(table, servicePorts)) {
    if (!includes(chain)) continue;
    const head = `-A ${chain.name}`;
    let text = '';
    for (const rule of chain.rules) text += `${head}${print(rule, family)}\n`;
    store.add(chain.name, text, chain.rules.length);
  }
  const builtin = BUILTIN_CHAINS[table.name];
  const order = store.order(builtin);
  if (order.length === 0) return;
  let declarations = `*${table.name}\n`;
  for (const place of order) {
    const chain = store.name(place);
    declarations += `:${chain} ${builtin.includes(chain) ? 'ACCEPT' : '-'} [0:0]\n`;
  }
  yield checked(declarations, 1 + order.length);
  yield* store.texts(order);
  yield 'COMMIT\n';
}

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
