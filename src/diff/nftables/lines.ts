/**
 * What mode nftables can differ in besides rules and elements: how a chain hangs in the kernel, and what a set is. In: a chain or
 * a set. Out: a line for it, as `nft list` prints it.
 */
import type { ListedChain, ListedSet } from '../../backends/nftables/listed.ts';

export interface ListedHeading {
  readonly kind: 'nft-heading';
  readonly line: number;
  /** `ip kube-proxy` */
  readonly table: string;
  /** The chain or the set. */
  readonly chain: string;
  readonly text: string;
  /** Of a set that remembers clients: for so long. */
  readonly seconds: number | undefined;
}

export function chainHeading({ name, hook, line }: ListedChain, table: string): ListedHeading | undefined {
  if (hook === undefined) return undefined;
  const { type, hook: at, priority, policy } = hook;
  const text = `type ${type} hook ${at} priority ${priority}; policy ${policy};`;
  return { kind: 'nft-heading', line, table, chain: name, text, seconds: undefined };
}

export function setHeading(set: ListedSet, table: string): ListedHeading {
  const { name, kind, type, value, flags, timeoutSeconds: seconds, line } = set;
  let text = `${kind} ${name} { type ${type.join(' . ')}${value === undefined ? '' : ` : ${value.join(' . ')}`};`;
  if (flags.length > 0) text += ` flags ${[...flags].sort().join(',')};`;
  if (seconds !== undefined) text += ` timeout ${seconds}s;`;
  return { kind: 'nft-heading', line, table, chain: name, text: `${text} }`, seconds };
}
