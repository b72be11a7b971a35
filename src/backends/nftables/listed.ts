/**
 * What `nft list` prints, typed: tables, chains, sets, maps, elements and rules, whoever made them. What is not understood
 * stays as the text that it was. `parse-listed.ts` makes it of text, `parse-json.ts` of `nft -j`.
 *
 * `Rule` is what kube-proxy means, `ListedRule` what a host has.
 */

export interface ListedRuleset {
  readonly tables: readonly ListedTable[];
  /** Lines that belong to no table and could not be read, and tables that the text does not hold to their end. */
  readonly problems: readonly ListedProblem[];
}

export interface ListedProblem {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  readonly problem: string;
  /** Where the text is a whole object of its table: its kind, such as `quota`. */
  readonly object?: string;
}

/** `ip`, `ip6`, `inet`, `arp`, `bridge`, `netdev`. */
export type TableFamily = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

export interface ListedTable {
  readonly kind: 'table';
  readonly line: number;
  readonly family: TableFamily;
  readonly name: string;
  readonly comment?: string;
  /** Such as `dormant`: then its chains are not asked. */
  readonly flags: readonly string[];
  readonly chains: readonly ListedChain[];
  /** Sets and maps. */
  readonly sets: readonly ListedSet[];
  readonly counters: readonly string[];
  /** Objects of other kinds, and lines that are not understood, whole. */
  readonly others: readonly ListedProblem[];
}

export interface ListedChain {
  readonly kind: 'chain';
  readonly line: number;
  readonly name: string;
  /** Only base chains have one. */
  readonly hook?: ListedHook;
  readonly comment?: string;
  readonly rules: readonly ListedRule[];
}

export interface ListedHook {
  readonly type: 'filter' | 'nat' | 'route';
  /** `prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`, `egress`. */
  readonly hook: string;
  /** Names are resolved: `dstnat - 10` is -110. */
  readonly priority: number;
  /** `accept` unless printed otherwise. */
  readonly policy: 'accept' | 'drop';
  /** Of `ingress` and `egress`. */
  readonly devices?: readonly string[];
}

export interface ListedSet {
  readonly kind: 'set' | 'map';
  readonly line: number;
  readonly name: string;
  /** The parts of a key: `ipv4_addr`, `inet_proto`, …; of `typeof`, the expressions as printed. */
  readonly type: readonly string[];
  readonly isTypeof?: true;
  /** Of maps: `verdict`, or the parts of a value. */
  readonly value?: readonly string[];
  readonly flags: readonly string[];
  readonly size?: number;
  readonly timeoutSeconds?: number;
  /** Other lines, such as `auto-merge`, `gc-interval 10s`, `counter`, as printed. */
  readonly options?: readonly string[];
  readonly comment?: string;
  readonly elements: readonly ListedElement[];
}

/** An element of a named set or map. */
export interface ListedElement {
  readonly kind: 'nft-element';
  readonly line: number;
  /** `ip kube-proxy` */
  readonly table: string;
  /** Name of the set or map in which it stands. */
  readonly set: string;
  readonly key: readonly ListedValue[];
  /** In verdict maps. */
  readonly verdict?: ListedVerdict;
  /** In other maps. */
  readonly value?: readonly ListedValue[];
  /** Its own, where it has one; what is left of it is not kept. */
  readonly timeoutSeconds?: number;
  /** Such as `limit rate 10/second`, but no counters: they may keep the element from matching. */
  readonly statements?: readonly string[];
  readonly comment?: string;
}

export interface ListedRule {
  readonly kind: 'nft-rule';
  readonly line: number;
  /** `ip kube-proxy` */
  readonly table: string;
  readonly chain: string;
  /** In order; the first that does not match ends the rule. */
  readonly statements: readonly ListedStatement[];
  readonly comment?: string;
  /** As `nft list` prints it, without counters' values, handle and comment. */
  readonly text: string;
}

export type ListedVerdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** What of a packet is asked. */
export type ListedExpression =
  /** `protocol` such as `ip`, `ip6`, `tcp`, `th`; `field` such as `saddr`, `dport`, `protocol`, `nexthdr`. */
  | { readonly kind: 'payload'; readonly protocol: string; readonly field: string }
  /** `mark`, `l4proto`, `iif`, `iifname`, `oif`, `oifname`, `nfproto`, `protocol`, …; `mask` of `meta mark & 0x4000`. */
  | { readonly kind: 'meta'; readonly key: string; readonly mask?: number }
  /** `state`, `status`, `mark`, …; with a direction such as `original` in front. */
  | { readonly kind: 'ct'; readonly key: string; readonly mask?: number }
  /** `fib daddr type`; `flags` are all that stands between `fib` and the result, such as `daddr`, `iif`. */
  | { readonly kind: 'fib'; readonly flags: readonly string[]; readonly result: string }
  | {
      readonly kind: 'numgen';
      readonly mode: 'random' | 'inc';
      readonly modulus: number;
      readonly offset: number;
    }
  | { readonly kind: 'concat'; readonly parts: readonly ListedExpression[] }
  | { readonly kind: 'unknown'; readonly text: string };

export type ListedValue =
  /** A word, an address or a port as printed: `local`, `10.0.0.1`, `80`, `new`. Numbers are decimal, of marks too. */
  | { readonly kind: 'word'; readonly word: string }
  /** `10.0.0.0/8`, `eth*` */
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'range'; readonly first: string; readonly last: string };

/**
 * What an expression is compared with. Where flags (`ct status`, `tcp flags`) must be equal as a whole, as in `!= dnat` or
 * `{ dnat }`, it is `unknown`.
 */
export type ListedOperand =
  | {
      readonly kind: 'values';
      readonly values: readonly (readonly ListedValue[])[];
      /** `{ 80, 443 }`, not `80` or `established,related`. */
      readonly isSet?: true;
    }
  | { readonly kind: 'set'; readonly name: string }
  | { readonly kind: 'unknown'; readonly text: string };

export type ListedStatement =
  /** `==` has no sign; of flags such as `ct status dnat`, any of the values suffices, as for a set. */
  | {
      readonly kind: 'match';
      readonly left: ListedExpression;
      readonly operator: '==' | '!=' | '<' | '>' | '<=' | '>=';
      readonly right: ListedOperand;
    }
  | {
      readonly kind: 'vmap';
      readonly key: ListedExpression;
      readonly map:
        | { readonly kind: 'named'; readonly name: string }
        | {
            readonly kind: 'elements';
            readonly elements: readonly {
              readonly key: readonly ListedValue[];
              readonly verdict: ListedVerdict;
            }[];
          };
    }
  /** `meta mark set (mark & and) ^ xor`: `| 0x4000` has `and` 0xffffbfff, `xor` 0x4000. */
  | { readonly kind: 'mark-set'; readonly and: number; readonly xor: number }
  /** `update @set { … }`, `add @set { … }` with its own timeout if any. */
  | {
      readonly kind: 'set-update';
      readonly operation: 'add' | 'update' | 'delete';
      readonly set: string;
      readonly key: ListedExpression;
      readonly timeoutSeconds?: number;
    }
  /** One target, or with `key` a map from what `numgen` says to targets. Without a port the packet keeps its own. */
  | {
      readonly kind: 'dnat';
      readonly family?: 'ip' | 'ip6';
      readonly key?: ListedExpression;
      readonly to: readonly ListedTarget[];
      readonly flags?: readonly string[];
    }
  /** `to` is all that is printed behind the word, such as `1.2.3.4-1.2.3.9:1000-2000` or a map. */
  | {
      readonly kind: 'snat';
      readonly family?: 'ip' | 'ip6';
      readonly to: string;
      readonly flags?: readonly string[];
    }
  | { readonly kind: 'redirect'; readonly port?: number; readonly flags?: readonly string[] }
  /** With its flags, such as `fully-random`, and ports such as `:1024-65535`. */
  | { readonly kind: 'masquerade'; readonly to?: string; readonly flags: readonly string[] }
  | { readonly kind: 'reject'; readonly with?: string }
  | { readonly kind: 'verdict'; readonly verdict: ListedVerdict }
  | { readonly kind: 'counter'; readonly name?: string }
  /** `options` as printed: `prefix "…" level debug`. */
  | { readonly kind: 'log'; readonly options?: string }
  | { readonly kind: 'notrack' }
  /** Anything else, as printed; whether it matches or ends the rule is unknown. */
  | { readonly kind: 'unknown'; readonly text: string };

export interface ListedTarget {
  /** What `numgen` says for it; absent of a single target. */
  readonly number?: number;
  readonly address?: string;
  readonly port?: number;
}
