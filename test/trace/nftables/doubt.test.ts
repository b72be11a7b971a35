/** What the rules do not decide: named where it matters, passed over where it does not. */
import { describe, expect, it } from 'vitest';
import type { Packet } from '../../../src/trace/packet.ts';
import { outcomes, prepareText } from './rulesets.ts';

const PACKET: Packet = {
  protocol: 'tcp',
  source: '203.0.113.2',
  destination: '10.0.1.1',
  destinationPort: 8080,
  arrival: { kind: 'device', name: 'client' },
};
const DOUBT = 'meta skuid 1000';
const CANNOT = "cannot tell: the packet's skuid is unknown (ip t forward)";
const PASSES = '10.0.1.1:8080';

/** A chain at forward, and others. */
function ruleset(rules: string, others = ''): string {
  return `table ip t {
    chain forward {
      type filter hook forward priority filter; policy accept;
      ${rules}
    }
    ${others}
  }`;
}

function fate(text: string, packet: Partial<Packet> = {}): readonly string[] {
  return outcomes(prepareText(text), { ...PACKET, ...packet });
}

const chain = (name: string, rules: string) => `chain ${name} {\n${rules}\n}\n`;

describe('does not matter', () => {
  it.each([
    ['without a verdict', DOUBT, ''],
    ['before a log', `${DOUBT} log prefix "x"`, ''],
    ['before a verdict that comes anyway', `${DOUBT} accept`, ''],
    ['before a chain that decides nothing', `${DOUBT} jump a`, chain('a', 'ip protocol udp drop\nlog')],
    ['before a mark that nobody looks at', `${DOUBT} meta mark set 0x00000001`, ''],
    ['behind what excludes it', `ip protocol udp ${DOUBT} drop`, ''],
    ['before what excludes it', `${DOUBT} ip protocol udp drop`, ''],
    ['behind a verdict', `accept\n${DOUBT} drop`, ''],
    ['of a statement that changes nothing', 'meta priority set 1:2\nct mark set 0x00000001', ''],
    ['of a limit before a log', 'limit rate 5/minute burst 5 packets log', ''],
    ['of a match of xtables that only comments', 'xt match "comment" ip protocol udp drop', ''],
  ])('%s', (_, rules, others) => {
    expect(fate(ruleset(rules, others))).toEqual([PASSES]);
  });
});

describe('matters', () => {
  it.each([
    ['before drop', `${DOUBT} drop`, '', CANNOT],
    ['before a verdict that would not come', `${DOUBT} accept\ndrop`, '', CANNOT],
    ['before a chain that decides', `${DOUBT} jump a`, chain('a', 'drop'), CANNOT],
    [
      'before a mark that is looked at',
      `${DOUBT} meta mark set 0x00000001\nmeta mark 0x00000001 drop`,
      '',
      CANNOT,
    ],
    [
      'before continue within a chain',
      `jump a\ndrop`,
      chain('a', `${DOUBT} accept`),
      CANNOT.replace('forward)', 'a)'),
    ],
    [
      'of a limit before drop',
      'limit rate 5/minute burst 5 packets drop',
      '',
      'cannot tell: what limit rate 5/minute burst 5 packets says is unknown (ip t forward)',
    ],
    [
      'of a statement that may do anything',
      'queue to 0',
      '',
      'cannot tell: what queue to 0 does here is not understood (ip t forward)',
    ],
    ['of a chain that is missing', 'jump gone', '', 'cannot tell: there is no chain gone (ip t forward)'],
    [
      'of a map that is missing',
      'ip daddr vmap @gone',
      '',
      'cannot tell: there is no map gone (ip t forward)',
    ],
    [
      'of a set that is missing',
      'ip daddr @gone drop',
      '',
      'cannot tell: there is no set gone (ip t forward)',
    ],
    [
      'of a chain that calls itself',
      'jump a',
      chain('a', 'jump a'),
      'cannot tell: the chain a calls itself (ip t a)',
    ],
  ])('%s', (_, rules, others, expected) => {
    expect(fate(ruleset(rules, others))).toEqual([expected]);
  });

  it('only as far as ways part', () => {
    const text = ruleset(
      `${DOUBT} goto a\nnumgen random mod 4 vmap { 0 : drop }`,
      chain('a', 'numgen random mod 2 vmap { 0 : drop }'),
    );
    expect(fate(text)).toEqual([`1/2 ${PASSES}`, '1/4 dropped', `1/4 ${CANNOT}`]);
  });

  it('for values that only some elements have', () => {
    const map = `map m {
      type ipv4_addr . inet_proto . inet_service : verdict
      elements = { 10.0.1.1 . tcp . 8080 : drop, 10.0.1.1 . udp . 8080 : drop }
    }`;
    const text = ruleset('ip daddr . meta l4proto . th dport vmap @m', map);
    expect(fate(text)).toEqual(['dropped']);
    // Neither TCP nor UDP: its ports do not matter.
    expect(fate(text, { protocol: 'other' })).toEqual(['10.0.1.1']);
  });

  it('for keys of which a part is unknown', () => {
    const map = (verdict: string) => `map m {
      type inet_service : verdict
      elements = { 1 : drop, 2 : ${verdict} }
    }`;
    const reason = 'the source port is unknown (ip t forward)';
    expect(fate(ruleset('tcp sport vmap @m\ndrop', map('drop')))).toEqual(['dropped']);
    expect(fate(ruleset('tcp sport vmap @m', map('accept')))).toEqual([`cannot tell: ${reason}`]);
  });

  it('for elements that may be spent', () => {
    const set = 'set s {\ntype ipv4_addr\nelements = { 10.0.1.1 limit rate 10/second burst 5 packets }\n}';
    expect(fate(ruleset('ip daddr @s drop', set))[0]).toMatch(/^cannot tell: what the element still/);
  });
});

describe('chains at a device', () => {
  const ingress = (device: string) => `table netdev t {
    chain in {
      type filter hook ingress device "${device}" priority filter; policy accept;
      ip saddr 203.0.113.2 drop
    }
  }`;

  it('are not followed, and not passed over', () => {
    const [said] = fate(ingress('client'));
    expect(said).toMatch(/^cannot tell: what the chain in at ingress does here is not understood/);
  });

  it('do not matter to packets of another', () => {
    expect(fate(ingress('eth7'))).toEqual([PASSES]);
  });
});

describe('what cannot be read', () => {
  it('is never passed over', () => {
    const cut =
      'table ip t {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n';
    expect(fate(cut)[0]).toMatch(/^cannot tell/);
  });

  it('does not matter in a table of another family', () => {
    expect(
      fate(
        'table ip6 t {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n',
      ),
    ).toEqual([PASSES]);
  });
});
