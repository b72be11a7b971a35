/**
 * What is known of statements that are not typed. In: a statement as nft prints it. Out: whether it lets every packet go on as
 * it was, may keep some from going on within its rule, or may do anything.
 */

/** They change nothing that rules look at, or that decides where a packet goes. */
const HARMLESS: readonly RegExp[] = [
  /^meta (priority|nftrace) set \S+$/,
  /^ct (mark|label|event|secmark|timeout|helper) set [^{}@]+$/,
  /^tcp option \S+ (size|mss) set [^{}@]+$/,
  /^reset tcp option \S+$/,
  /^ip6? (dscp|ecn|ttl|hoplimit) set \S+$/,
  /^last used .*$/,
  /^xt match "comment"$/,
  /^xt target "(AUDIT|CHECKSUM|CLASSIFY|CONNMARK|LED|LOG|NFLOG|TCPMSS|TRACE)"$/,
];

/** They ask something that nobody can know of a packet. */
const ASKING: readonly RegExp[] = [
  /^limit (rate .*|name \S+)$/,
  /^quota .*$/,
  /^ct count .*$/,
  /^xt match "\S+"$/,
];

/** Words that begin statements which end a rule: whatever stands before, these count. */
const ENDING =
  /\b(accept|drop|queue|reject|jump|goto|return|continue|dnat|snat|masquerade|redirect|tproxy)\b/;

export type Nature = 'harmless' | 'asks' | 'anything';

export function natureOf(text: string): Nature {
  if (ENDING.test(text)) return 'anything';
  if (HARMLESS.some((pattern) => pattern.test(text))) return 'harmless';
  return ASKING.some((pattern) => pattern.test(text)) ? 'asks' : 'anything';
}
