/**
 * Rules of nftables as data. In: nothing; this file is the shape that `compile` makes and `print` writes. It holds what
 * kube-proxy uses of the language, not all of it.
 */

/** Its `inet_proto`. */
export type TransportProtocol = 'tcp' | 'udp' | 'sctp';

/** The word for a family's header fields and its table. */
export type FamilyWord = 'ip' | 'ip6';

export type Verdict =
  | { readonly kind: 'drop' | 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** What a packet is asked for. */
export type Expression =
  /** A field of its header; `th` is whichever transport header it has. */
  | {
      readonly kind: 'payload';
      readonly protocol: FamilyWord | TransportProtocol | 'th';
      readonly field: 'saddr' | 'daddr' | 'dport';
    }
  | { readonly kind: 'meta'; readonly key: 'l4proto' | 'iif' | 'iifname' }
  | { readonly kind: 'ct'; readonly key: 'state' | 'status' }
  /** Whose an address is, by the routing tables. */
  | { readonly kind: 'fib'; readonly side: 'saddr' | 'daddr' }
  | { readonly kind: 'concat'; readonly parts: readonly Expression[] };

/** What the answer is compared with. */
export type Operand =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'port'; readonly port: number }
  /** An address or a CIDR. */
  | { readonly kind: 'network'; readonly network: string }
  /** Any of these, as they were written: the kernel merges those that touch. */
  | { readonly kind: 'networks'; readonly networks: readonly string[] }
  /** An interface's name; `*` at its end stands for any end. */
  | { readonly kind: 'interface'; readonly name: string }
  | { readonly kind: 'set'; readonly name: string };

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The parts of a rule are looked at one after the other; the first that does not match ends it. */
export type Statement =
  | {
      readonly kind: 'match';
      readonly left: Expression;
      readonly negated?: true;
      readonly right: Operand;
    }
  /** Whether the packet's mark has this bit. */
  | { readonly kind: 'mark-match'; readonly mask: number; readonly isSet: boolean }
  | { readonly kind: 'mark-set'; readonly operation: 'or' | 'xor'; readonly mask: number }
  /** The verdict that a map has for the packet, if any. */
  | { readonly kind: 'vmap'; readonly key: Expression; readonly map: string }
  /** Goes to one of these chains, each with the same chance. */
  | { readonly kind: 'numgen-goto'; readonly chains: readonly string[] }
  /** Adds the answer to a set, or starts its timeout anew. */
  | { readonly kind: 'update'; readonly set: string; readonly key: Expression }
  | { readonly kind: 'dnat'; readonly to: Endpoint }
  /** Translates the destination to one of these, each with the same chance. */
  | { readonly kind: 'numgen-dnat'; readonly family: FamilyWord; readonly to: readonly Endpoint[] }
  /** `fully-random`: the source port, too. */
  | { readonly kind: 'masquerade' }
  | { readonly kind: 'counter'; readonly name: string }
  | { readonly kind: 'reject' }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

export interface Rule {
  readonly statements: readonly Statement[];
  readonly comment?: string;
}

export function jump(chain: string): Statement {
  return { kind: 'verdict', verdict: { kind: 'jump', chain } };
}

export function goTo(chain: string): Statement {
  return { kind: 'verdict', verdict: { kind: 'goto', chain } };
}

export const DROP: Statement = { kind: 'verdict', verdict: { kind: 'drop' } };
export const RETURN: Statement = { kind: 'verdict', verdict: { kind: 'return' } };
export const REJECT: Statement = { kind: 'reject' };
export const MASQUERADE: Statement = { kind: 'masquerade' };
export const IS_NEW: Statement = {
  kind: 'match',
  left: { kind: 'ct', key: 'state' },
  right: { kind: 'word', word: 'new' },
};

export const L4PROTO: Expression = { kind: 'meta', key: 'l4proto' };
export const DPORT: Expression = { kind: 'payload', protocol: 'th', field: 'dport' };

export function header(protocol: FamilyWord, field: 'saddr' | 'daddr'): Expression {
  return { kind: 'payload', protocol, field };
}

export function concat(...parts: readonly Expression[]): Expression {
  return { kind: 'concat', parts };
}

export function matches(left: Expression, right: Operand): Statement {
  return { kind: 'match', left, right };
}

export function differs(left: Expression, right: Operand): Statement {
  return { kind: 'match', left, negated: true, right };
}

export function inSet(left: Expression, name: string): Statement {
  return matches(left, { kind: 'set', name });
}

/** One network needs no set around it. */
export function anyOf(networks: readonly string[]): Operand {
  const [first] = networks;
  return first !== undefined && networks.length === 1
    ? { kind: 'network', network: first }
    : { kind: 'networks', networks };
}

/** An address that is the host's own. */
export function isLocal(side: 'saddr' | 'daddr'): Statement {
  return matches({ kind: 'fib', side }, { kind: 'word', word: 'local' });
}

export function rule(...statements: readonly Statement[]): Rule {
  return { statements };
}

export function commented(comment: string, ...statements: readonly Statement[]): Rule {
  return { statements, comment };
}
