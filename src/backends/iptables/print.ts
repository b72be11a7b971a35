/**
 * Prints rulesets as text for the kernel's tools.
 *
 * `iptables-save` spelling is the kernel's (header fields first, masks and defaults written out), as iptables 1.8.9
 * prints it; `iptables-restore` spelling is kube-proxy's own. Only sync chains are in the latter.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { checked } from '../checked-text.ts';
import type { Rule } from '../iptables-rule.ts';
import { printKernelRule } from '../print-kernel-rule.ts';
import { printProxyRule } from '../print-proxy-rule.ts';
import { BUILTIN_CHAINS, type Chain, chainsOfTable, type Ruleset, type Table } from './ruleset.ts';
import { TextStore } from './text-store.ts';

/** One of the two ways to write a ruleset. */
export interface Spelling {
  readonly includes: (chain: Chain) => boolean;
  /** The text after the chain's name, with a leading blank. */
  readonly print: (rule: Rule, family: IPFamily) => string;
}

/** What `iptables-save` prints (without its comment lines) after kube-proxy's first sync on a clean host. */
export const SAVE: Spelling = { includes: () => true, print: printKernelRule };

/** What kube-proxy feeds to `iptables-restore --noflush`; applying it again changes nothing. */
export const RESTORE: Spelling = { includes: ({ writer }) => writer === 'sync', print: printProxyRule };

export function* printRuleset(ruleset: Ruleset, spelling: Spelling): Generator<string> {
  for (const table of ruleset.tables) yield* printTable(table, ruleset, spelling);
}

/** Nothing for a table without any chain that the spelling includes. */
function* printTable(
  table: Table,
  { family, servicePorts }: Ruleset,
  { includes, print }: Spelling,
): Generator<string> {
  const store = new TextStore(checked);
  for (const chain of chainsOfTable(table, servicePorts)) {
    if (includes(chain)) store.add(chain.name, uncheckedText(chain, family, print), chain.rules.length);
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

/** A line for each rule. */
function uncheckedText({ name, rules }: Chain, family: IPFamily, print: Spelling['print']): string {
  const head = `-A ${name}`;
  let text = '';
  for (const rule of rules) text += `${head}${print(rule, family)}\n`;
  return text;
}

/** A line for each rule of the chain. */
export function chainText(chain: Chain, family: IPFamily, { print }: Spelling): string {
  checked(`${chain.name}\n`, 1);
  return checked(uncheckedText(chain, family, print), chain.rules.length);
}
