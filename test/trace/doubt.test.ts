/** What the rules do not decide: named where it matters, passed over where it does not. */
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { dump, expectWhole, fate, formatVerdict, HOST, outcomes, PACKET, prepare } from './rules.ts';

const DOUBT = '-m set --match-set S src';
const CANNOT = 'cannot tell: what is in the set S is unknown';
const PASSES = '10.0.0.1:80';
const HALF = '-m statistic --mode random --probability 0.50000000000';

describe('does not matter', () => {
  it.each([
    ['without target', `-A FORWARD ${DOUBT}`],
    ['before LOG', `-A FORWARD ${DOUBT} -j LOG`],
    ['before a verdict that comes anyway', `-A FORWARD ${DOUBT} -j ACCEPT`],
    ['before a chain that decides nothing', `-A FORWARD ${DOUBT} -j A\n-A A -p udp -j DROP\n-A A -j LOG`],
    ['before a mark that nobody looks at', `-A FORWARD ${DOUBT} -j MARK --set-xmark 0x1/0x1`],
    ['before RETURN at the end', `-A FORWARD -j A\n-A A ${DOUBT} -j RETURN\n-A A -p udp -j DROP`],
    ['behind what excludes it', `-A FORWARD -p udp ${DOUBT} -j DROP`],
    ['behind a verdict', `-A FORWARD -j ACCEPT\n-A FORWARD ${DOUBT} -j DROP`],
  ])('%s', (_, filter) => {
    expect(fate({ filter })).toBe(PASSES);
  });
});

describe('matters', () => {
  it.each([
    ['before DROP', { filter: `-A FORWARD ${DOUBT} -j DROP` }, `${CANNOT} (filter FORWARD)`],
    [
      'before a verdict that would not come',
      { filter: `-A FORWARD ${DOUBT} -j ACCEPT\n-A FORWARD -j DROP` },
      `${CANNOT} (filter FORWARD)`,
    ],
    [
      'before a chain that decides',
      { filter: `-A FORWARD ${DOUBT} -j A\n-A A -j DROP` },
      `${CANNOT} (filter FORWARD)`,
    ],
    [
      'before a mark that another table looks at',
      {
        mangle: `-A PREROUTING ${DOUBT} -j MARK --set-xmark 0x1/0x1`,
        filter: '-A FORWARD -m mark --mark 0x1 -j DROP',
      },
      `${CANNOT} (mangle PREROUTING)`,
    ],
    [
      'before a translation',
      { nat: `-A PREROUTING ${DOUBT} -j DNAT --to-destination 10.0.0.5` },
      `${CANNOT} (nat PREROUTING)`,
    ],
    [
      'before RETURN',
      { filter: `-A FORWARD -j A\n-A A ${DOUBT} -j RETURN\n-A A -j DROP` },
      `${CANNOT} (filter A)`,
    ],
  ])('%s', (_, tables, expected) => {
    expect(fate(tables)).toBe(expected);
  });

  it('for a share', () => {
    const filter = `-A FORWARD ${HALF} -j DROP\n-A FORWARD ${DOUBT} -j DROP`;
    expect(outcomes(prepare({ filter }))).toEqual(
      [`1/2 ${CANNOT} (filter FORWARD)`, '1/2 dropped'].sort().reverse(),
    );
  });

  it('for no more than what differs', () => {
    // In either case half of the packets pass.
    const filter = `-A FORWARD ${DOUBT} -j A\n-A FORWARD ${HALF} -j REJECT\n-A A ${HALF} -j DROP\n-A A -j ACCEPT`;
    expect(outcomes(prepare({ filter })).sort()).toEqual([`1/2 ${PASSES}`, `1/2 ${CANNOT} (filter FORWARD)`]);
  });

  it('once, where several rules say the same', () => {
    const filter = `-A FORWARD ${DOUBT} -j ACCEPT\n-A FORWARD -m set --match-set T src -j ACCEPT\n-A FORWARD -j DROP`;
    expect(outcomes(prepare({ filter }))).toHaveLength(1);
  });
});

it('grows neither without bounds nor silent with many rules in doubt', () => {
  const rules = Array.from(
    { length: 2000 },
    (_, i) => `-A FORWARD -m set --match-set S${i} src -j MARK --set-xmark ${1 << (i % 31)}/0x0`,
  );
  const start = performance.now();
  const found = outcomes(prepare({ filter: `${rules.join('\n')}\n-A FORWARD -m mark ! --mark 0x0 -j DROP` }));
  expect(found.join()).toContain('cannot tell');
  expect(performance.now() - start).toBeLessThan(10_000);
});

describe('dumps that cannot be read as a whole', () => {
  function fateIn(text: string): string {
    const found = trace(prepareRules(parseSaved(text), HOST), PACKET);
    expectWhole(found);
    return found.map(({ verdict }) => formatVerdict(verdict)).join(', ');
  }
  const good = dump({ filter: '-A FORWARD -p udp -j DROP\n-A UNUSED -j DROP' });

  it('are taken at their word where they are whole', () => {
    expect(fateIn(good)).toBe(PASSES);
    expect(fateIn(`# a comment\n${good}`)).toBe(PASSES);
  });

  it.each([
    ['a rule in the way', good.replace('-A FORWARD -p udp -j DROP', '-A FORWARD ~~~')],
    ['a line that may be anything', good.replace('-A FORWARD -p udp -j DROP', '~~~')],
    ['cut off behind a rule', good.slice(0, good.indexOf('-A UNUSED'))],
    ['cut off behind a chain', good.slice(0, good.indexOf(':UNUSED'))],
    ['the same table twice', good + good],
    ['a table that iptables cannot show', `# Table \`nat' is incompatible, use 'nft' tool.\n${good}`],
    ['a table without head', `${good}:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ACCEPT\nCOMMIT\n`],
    ['an open quote', `${good.replace('-p udp', '-p udp -m comment --comment "x')}`],
  ])('are not guessed at: %s', (_, text) => {
    expect(fateIn(text)).toMatch(/^cannot tell/);
  });

  it.each([
    ['a rule elsewhere', good.replace('-A UNUSED -j DROP', '-A UNUSED ~~~')],
    ['a line that is no rule', `Warning: something\n${good}`],
  ])('matter only where the packet comes by: %s', (_, text) => {
    expect(fateIn(text)).toBe(PASSES);
  });
});
