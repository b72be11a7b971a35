/** Elements are found by their values, however these are spelled, up to the edges of intervals. */
import { describe, expect, it } from 'vitest';
import type { ListedValue } from '../../../src/backends/nftables/listed.ts';
import {
  indexElements,
  type Keyed,
  keyOf,
  type PacketValue,
  type ValueType,
} from '../../../src/trace/nftables/element-index.ts';

const word = (text: string): ListedValue => ({ kind: 'word', word: text });
const prefix = (text: string): ListedValue => ({ kind: 'prefix', text });
const range = (first: string, last: string): ListedValue => ({ kind: 'range', first, last });

function value(type: ValueType, text: string): PacketValue {
  return { kind: 'known', key: keyOf(type, text) as string };
}

/** The place of the element that has the values, or what else was found. */
function find(
  types: readonly ValueType[],
  keys: readonly (readonly ListedValue[])[],
  texts: readonly string[],
): number | string {
  const elements = keys.map((key): Keyed => ({ key }));
  const found = indexElements(elements, types).find(
    texts.map((text, i) => value(types[i] as ValueType, text)),
  );
  return found.kind === 'found' ? elements.indexOf(found.element) : found.kind;
}

describe('intervals', () => {
  const networks = [[prefix('10.1.0.0/16')], [range('10.3.0.1', '10.3.0.9')], [word('10.2.0.0')]];

  it.each([
    ['10.0.255.255', 'absent'],
    ['10.1.0.0', 0],
    ['10.1.255.255', 0],
    ['10.2.0.0', 2],
    ['10.2.0.1', 'absent'],
    ['10.3.0.0', 'absent'],
    ['10.3.0.1', 1],
    ['10.3.0.9', 1],
    ['10.3.0.10', 'absent'],
  ])('of addresses: %s', (address, expected) => {
    expect(find(['address'], networks, [address])).toBe(expected);
    // With an element of two parts that are intervals, all are looked at in turn.
    const pairs = networks.map(([key]) => [key as ListedValue, range('80', '81')]);
    expect(find(['address', 'number'], pairs, [address, '80'])).toBe(expected);
    expect(find(['address', 'number'], pairs, [address, '81'])).toBe(expected);
    expect(find(['address', 'number'], pairs, [address, '82'])).toBe('absent');
  });

  it('of IPv6 do not have addresses of IPv4', () => {
    expect(find(['address'], [[prefix('::/0')]], ['10.0.0.1'])).toBe('absent');
    expect(find(['address'], [[prefix('::/0')]], ['fd00::1'])).toBe(0);
  });

  it.each([
    ['9', 'absent'],
    ['10', 0],
    ['99', 0],
    ['100', 'absent'],
    ['65535', 'absent'],
  ])('of ports are those of numbers: %s', (port, expected) => {
    expect(find(['number'], [[range('10', '99')]], [port])).toBe(expected);
  });
});

describe('spellings', () => {
  it.each([
    ['address', 'fd00:0:0::1', 'fd00::1'],
    ['protocol', 'tcp', '6'],
    ['protocol', 'ipv6-icmp', 'icmpv6'],
    ['number', '0x10', '16'],
    ['number', '080', '80'],
  ] as const)('of the type %s: %s is %s', (type, a, b) => {
    expect(find([type], [[word(a)]], [b])).toBe(0);
  });

  it.each([
    ['number', 'http'],
    ['address', 'localhost'],
    ['protocol', 'unheard-of'],
  ] as const)('of the type %s: %s may be anything', (type, text) => {
    const other = type === 'address' ? '10.0.0.1' : '7';
    expect(find([type], [[word(text)]], [other])).toBe('unknown');
    expect(find([type], [[word(text)], [word(other)]], [other])).toBe(1);
  });
});

describe('*', () => {
  it('has what no other element has', () => {
    const keys = [[word('*')], [word('80')]];
    expect(find(['number'], keys, ['80'])).toBe(1);
    expect(find(['number'], keys, ['81'])).toBe(0);
  });
});
