/**
 * Prints chains in one of two spellings. In: typed rules. Out: lines.
 *
 * `iptables-save` spelling is the kernel's (header fields first, masks and defaults written out), as iptables 1.8.9
 * prints it; `iptables-restore` spelling is kube-proxy's own. Only sync chains are in the latter.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { checked } from './checked-text.ts';
import type { Chain } from './iptables-chain.ts';
import type { Rule } from './iptables-rule.ts';
import { printKernelRule } from './print-kernel-rule.ts';
import { printProxyRule } from './print-proxy-rule.ts';

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

/** A line for each rule, unchecked. */
export function rulesText({ name, rules }: Chain, family: IPFamily, print: Spelling['print']): string {
  const head = `-A ${name}`;
  let text = '';
  for (const rule of rules) text += `${head}${print(rule, family)}\n`;
  return text;
}

/** A line for each rule of the chain. */
export function chainText(chain: Chain, family: IPFamily, { print }: Spelling): string {
  checked(`${chain.name}\n`, 1);
  return checked(rulesText(chain, family, print), chain.rules.length);
}
