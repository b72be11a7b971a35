/** What two sets of rules can differ in, whatever mode they are of. In: a line. Out: its text, and what is to be known of it. */
import type { SavedRule } from '../backends/iptables/saved.ts';
import { savedRuleText } from '../trace/iptables/step-facts.ts';
import { savedRuleLineFacts } from './iptables/line-facts.ts';
import { type IpvsLine, ipvsLineFacts, ipvsLineText } from './ipvs/line-facts.ts';
import type { LineFacts } from './line-facts.ts';
import { type NftablesLine, nftablesLineFacts, nftablesLineText } from './nftables/line-facts.ts';

export type Line = SavedRule | NftablesLine | IpvsLine;

const known = new WeakMap<Line, LineFacts>();

export function lineFacts(line: Line): LineFacts {
  let facts = known.get(line);
  if (facts === undefined) {
    facts = readFacts(line);
    known.set(line, facts);
  }
  return facts;
}

function readFacts(line: Line): LineFacts {
  if (line.kind === 'rule') return savedRuleLineFacts(line);
  return isOfNftables(line) ? nftablesLineFacts(line) : ipvsLineFacts(line);
}

/** As the kernel's tool prints it, without counters. */
export function lineText(line: Line): string {
  if (line.kind === 'rule') return savedRuleText(line);
  return isOfNftables(line) ? nftablesLineText(line) : ipvsLineText(line);
}

function isOfNftables(line: NftablesLine | IpvsLine): line is NftablesLine {
  return line.kind.startsWith('nft-');
}
