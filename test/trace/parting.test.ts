/** Where two sets of rules part: by what a packet meets, not by how it is spelled. */
import { describe, expect, it } from 'vitest';
import { trace } from '../../src/trace/iptables/trace.ts';
import { findParting } from '../../src/trace/parting.ts';
import { ruleText } from '../../src/trace/step.ts';
import { PACKET, prepare } from './rules.ts';

type Tables = Readonly<Record<string, string>>;

/** The rules in which the sides part, and how many rules lie before; undefined where they do not part. */
function part(intended: Tables, actual: Tables) {
  const found = findParting(trace(prepare(intended), PACKET), trace(prepare(actual), PACKET));
  if (found === undefined) return undefined;
  const text = (step: typeof found.intended) => step && ruleText(step.rule);
  return [found.before.length, text(found.intended), text(found.actual)];
}

const DNAT = '-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.5:80';
const HALVES = (share: string, other = '10.0.0.6:80') => ({
  nat: `-A PREROUTING -j SVC
    -A SVC -m statistic --mode random --probability ${share} -j A
    -A SVC -j B
    -A A -p tcp -j DNAT --to-destination 10.0.0.5:80
    -A B -p tcp -j DNAT --to-destination ${other}`,
});

describe('findParting', () => {
  it.each([
    ['the same', { nat: DNAT }, { nat: DNAT }],
    ['another comment', { nat: DNAT }, { nat: DNAT.replace('-j', '-m comment --comment x -j') }],
    ['a rule that logs', { nat: DNAT }, { nat: `-A PREROUTING -j LOG\n${DNAT}` }],
    [
      'a chain that does nothing',
      { nat: DNAT },
      { nat: `-A PREROUTING -j X\n-A X -s 9.9.9.9/32 -j DROP\n${DNAT}` },
    ],
    [
      'another way to the same end',
      { nat: DNAT },
      { nat: `-A PREROUTING -j X\n${DNAT.replace('PREROUTING', 'X')}` },
    ],
    ['fewer digits', HALVES('0.33333333349'), HALVES('0.33332999982')],
  ])('finds none in %s', (_, intended, actual) => {
    expect(part(intended, actual)).toBeUndefined();
  });

  it('names a rule that only one side has', () => {
    const drop = '-A FORWARD -d 10.0.0.5/32 -j DROP';
    expect(part({ nat: DNAT }, { nat: DNAT, filter: drop })).toEqual([1, undefined, drop]);
    expect(part({ nat: DNAT, filter: drop }, { nat: DNAT })).toEqual([1, drop, undefined]);
  });

  it('names the draw whose share differs, not the rule behind it', () => {
    expect(part(HALVES('0.50000000000'), HALVES('0.25000000000'))).toEqual([
      1,
      '-A SVC -m statistic --mode random --probability 0.50000000000 -j A',
      '-A SVC -m statistic --mode random --probability 0.25000000000 -j A',
    ]);
  });

  it('names the target that differs, behind what both have', () => {
    expect(part(HALVES('0.50000000000'), HALVES('0.50000000000', '10.0.0.7:80'))).toEqual([
      2,
      '-A B -p tcp -j DNAT --to-destination 10.0.0.6:80',
      '-A B -p tcp -j DNAT --to-destination 10.0.0.7:80',
    ]);
  });

  it('passes over idle detours before it', () => {
    const actual = { nat: `-A PREROUTING -j X\n-A X -j RETURN\n-A PREROUTING -j ACCEPT\n${DNAT}` };
    expect(part({ nat: DNAT }, actual)).toEqual([0, DNAT, '-A PREROUTING -j ACCEPT']);
  });

  it('names the rule in doubt', () => {
    const geoip = '-A PREROUTING -m geoip --source-country DE -j DROP';
    expect(part({ nat: DNAT }, { nat: `${geoip}\n${DNAT}` })).toEqual([0, DNAT, geoip]);
  });
});
