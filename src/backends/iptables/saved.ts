/**
 * What `iptables-save` prints, typed without loss: chains, rules, matches and targets that are understood, and all else
 * as the text that it was. `parse.ts` makes it, `print-saved.ts` prints it back.
 *
 * Shaped as the kernel holds rules (header, matches in order, target), whoever wrote them; `Rule` is what kube-proxy
 * means, `SavedRule` what a host has.
 */

export interface SavedDump {
  /** Everything in its order. */
  readonly parts: readonly (SavedTable | SavedText)[];
  /** The last line lacks its newline. */
  readonly unterminated?: true;
}

/**
 * A line that is no part of the rules: a comment, a warning, a blank line, or one that cannot be read. Behind a quote that
 * a line leaves open, all the rest of the dump, which is the only text of several lines.
 */
export interface SavedText {
  readonly kind: 'text';
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  /** Why a line that should have been part of the rules could not be read. */
  readonly problem?: string;
}

export interface SavedTable {
  readonly kind: 'table';
  readonly line: number;
  /** `nat` */
  readonly name: string;
  readonly entries: readonly (SavedChain | SavedRule | SavedText)[];
  /** The dump ends behind it properly, with `COMMIT`. */
  readonly committed: boolean;
  /** Blanks and carriage returns at the line's end: before 1.4.12 rules end in a blank. */
  readonly tail?: string;
  /** The same behind `COMMIT`. */
  readonly commitTail?: string;
}

export interface Counters {
  /** Decimal: they are 64 bits wide. */
  readonly packets: string;
  readonly bytes: string;
}

export interface SavedChain {
  readonly kind: 'chain';
  readonly line: number;
  readonly name: string;
  /** Of a built-in chain, `ACCEPT` or `DROP`; absent for others, where `-` is printed. */
  readonly policy?: string;
  readonly counters?: Counters;
  /** Blanks and carriage returns at the line's end: before 1.4.12 rules end in a blank. */
  readonly tail?: string;
}

export interface SavedRule {
  readonly kind: 'rule';
  readonly line: number;
  readonly chain: string;
  readonly counters?: Counters;
  readonly source?: Negatable & { readonly network: string };
  readonly destination?: Negatable & { readonly network: string };
  readonly inInterface?: Negatable & { readonly name: string };
  readonly outInterface?: Negatable & { readonly name: string };
  /** As printed: a name, or a number. */
  readonly protocol?: Negatable & { readonly name: string };
  /** `-f`: second and further fragments. */
  readonly fragment?: Negatable;
  readonly matches: readonly SavedMatch[];
  readonly target?: SavedTarget;
  /** Blanks and carriage returns at the line's end: before 1.4.12 rules end in a blank. */
  readonly tail?: string;
}

export interface Negatable {
  readonly negated?: true;
}

/** A port or, with `last` above `first`, a range. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export type SavedMatch =
  | { readonly kind: 'comment'; readonly text: string }
  /** `-m tcp`, `-m udp`, `-m sctp` with nothing but ports. */
  | {
      readonly kind: 'transport';
      readonly protocol: 'tcp' | 'udp' | 'sctp';
      readonly sourcePort?: Negatable & PortRange;
      readonly destinationPort?: Negatable & PortRange;
    }
  | {
      readonly kind: 'multiport';
      readonly side: 'source' | 'destination' | 'either';
      readonly ports: readonly PortRange[];
      readonly negated?: true;
    }
  /** Types as printed, such as `LOCAL`; with nothing but types. */
  | {
      readonly kind: 'addrtype';
      readonly sourceTypes?: Negatable & { readonly types: readonly string[] };
      readonly destinationTypes?: Negatable & { readonly types: readonly string[] };
    }
  /** `-m conntrack --ctstate`, or with `module` `state` the older `-m state --state`. */
  | {
      readonly kind: 'conntrack';
      readonly module: 'conntrack' | 'state';
      readonly states: readonly string[];
      readonly negated?: true;
    }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number; readonly negated?: true }
  /** `parts` of 2^31 packets at random; `text` is the probability as printed. */
  | { readonly kind: 'random'; readonly parts: number; readonly text: string; readonly negated?: true }
  | {
      readonly kind: 'recent';
      readonly operation: 'set' | 'rcheck' | 'update' | 'remove';
      readonly seconds?: number;
      readonly reap: boolean;
      readonly list: string;
      /** As printed, absent in dumps of old releases. */
      readonly mask?: string;
      readonly side: 'source' | 'destination';
      readonly negated?: true;
    }
  | { readonly kind: 'nfacct'; readonly counter: string }
  | { readonly kind: 'physdev-is-in'; readonly negated?: true }
  /** `-m set --match-set NAME src,dst` */
  | {
      readonly kind: 'set';
      readonly set: string;
      readonly directions: readonly ('src' | 'dst')[];
      readonly negated?: true;
    }
  /** Any other match, or one of those above with options that are not understood: `arguments` is printed back as it came. */
  | { readonly kind: 'unknown'; readonly module: string; readonly arguments: string };

export type SavedTarget =
  /** `-j CHAIN` of a chain that the table declares before, or with `goto` `-g CHAIN`. */
  | { readonly kind: 'jump'; readonly chain: string; readonly goto?: true }
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return' }
  | { readonly kind: 'reject'; readonly with?: string }
  /** `to` as printed: `10.0.0.1:80`, `[fd00::1]:80`, without a port, or a range. */
  | { readonly kind: 'dnat'; readonly to: string; readonly flags: readonly ('random' | 'persistent')[] }
  | { readonly kind: 'snat'; readonly to: string; readonly arguments: string }
  | { readonly kind: 'masquerade'; readonly arguments: string }
  /** `--set-xmark VALUE/MASK`: clears the bits of `mask`, then flips those of `value`. */
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number }
  /** Any other extension, or a name that no chain has. `arguments` is printed back as it came. */
  | { readonly kind: 'unknown'; readonly name: string; readonly arguments: string };
