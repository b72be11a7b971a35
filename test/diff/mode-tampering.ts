/** The shape of a tampering with a host of modes nftables and ipvs, and of what is said of it. */
import type { ChangeKind } from '../../src/diff/change.ts';
import type { Tamper } from './hosts.ts';
import type { Tampers } from './mode-hosts.ts';

export interface Tampered {
  /** By `namespace/name`. Each has these kinds and no others, in any order. */
  readonly services: Readonly<Record<string, readonly ChangeKind[]>>;
  /** Consequences. */
  readonly says: readonly string[];
  /** Kinds of `foreign`. */
  readonly foreign?: readonly string[];
  /** How many rules leave something open. */
  readonly unknown?: number;
}

export interface ModeTampering extends Tampered {
  readonly name: string;
  readonly tampers: Tampers;
}

/** Puts other lines between the braces of a chain, set or map of nftables. */
export function wholeBlock(heading: string, body: readonly string[]): Tamper {
  return (lines) => {
    const start = lines.indexOf(`\t${heading} {`);
    const end = lines.indexOf('\t}', start);
    if (start < 0) throw new Error(`no ${heading}`);
    return [...lines.slice(0, start + 1), ...body, ...lines.slice(end)];
  };
}
