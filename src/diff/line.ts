/** What two sets of rules can differ in, whatever mode they are of. In: a line. Out: its text, and what is to be known of it. */
import type { SavedRule } from '../backends/iptables/saved.ts';
import { type MetRule, ruleText } from '../trace/step.ts';
import { savedRuleLineFacts } from './iptables/line-facts.ts';
import type { LineFacts } from './line-facts.ts';

export type Line = SavedRule;

const known = new WeakMap<Line, LineFacts>();

export function lineFacts(line: Line): LineFacts {
  let facts = known.get(line);
  if (facts === undefined) {
    facts = savedRuleLineFacts(line);
    known.set(line, facts);
  }
  return facts;
}

export function lineText(line: Line | MetRule): string {
  return ruleText(line);
}
