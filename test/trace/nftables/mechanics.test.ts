/** Verdicts, keys, sets, connections and translations: what nf_tables makes of rules. test/kernel asks the kernel the same. */
import { describe, expect, it } from 'vitest';
import { MECHANICS } from './mechanics-cases.ts';
import { outcomes, prepareText } from './rulesets.ts';

describe('nftables', () => {
  it.each(MECHANICS)('$name', ({ ruleset, packet, expected }) => {
    expect(outcomes(prepareText(ruleset), packet)).toEqual([expected]);
  });
});
