import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/apiserver/objects.ts';
import { cpuShares, desiredByZone, handover } from '../../src/controllers/topology-zones.ts';
import { node } from './cluster-state.ts';

function withLabel(base: Node, label: string): Node {
  return { ...base, metadata: { ...base.metadata, labels: { ...base.metadata.labels, [label]: '' } } };
}

describe('cpuShares', () => {
  it('adds up the CPUs of each zone', () => {
    const shares = cpuShares([node('a', 'za'), node('b', 'zb'), node('c', 'za'), node('d', 'zb', 'False')]);
    expect([...(shares ?? [])]).toEqual([
      ['za', 2 / 3],
      ['zb', 1 / 3],
    ]);
  });

  it('leaves the control plane out', () => {
    const controlPlane = withLabel(node('c', 'za'), 'node-role.kubernetes.io/control-plane');
    expect(cpuShares([node('a', 'za'), node('b', 'zb'), controlPlane])?.get('za')).toBe(0.5);
  });

  it.each<[string, Node[]]>([
    ['there are no Nodes', []],
    ['all are in one zone', [node('a', 'za'), node('b', 'za')]],
    ['a ready Node has no zone', [node('a', 'za'), node('b', 'zb'), node('c')]],
    ['a ready Node has no CPUs', [node('a', 'za'), { ...node('b', 'zb'), status: {} }]],
  ])('is undefined where %s', (_, nodes) => {
    expect(cpuShares(nodes)).toBeUndefined();
  });
});

describe('desiredByZone', () => {
  const halves = new Map([
    ['za', 0.5],
    ['zb', 0.5],
  ]);

  it('gives each zone its share, or the least that avoids overload', () => {
    expect([...(desiredByZone(halves, 4) ?? [])]).toEqual([
      ['za', 2],
      ['zb', 2],
    ]);
    const uneven = new Map([
      ['za', 0.9],
      ['zb', 0.1],
    ]);
    expect([...(desiredByZone(uneven, 5) ?? [])]).toEqual([
      ['za', 4.5],
      ['zb', 1],
    ]);
  });

  it('is undefined where a zone would be overloaded', () => {
    expect(desiredByZone(halves, 1)).toBeUndefined();
    expect(desiredByZone(halves, 3)).toBeUndefined();
    expect(desiredByZone(halves, 5)).toBeUndefined();
    expect(desiredByZone(halves, 7)).toBeDefined();
  });
});

describe('handover', () => {
  const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

  it('moves endpoints from the zone with the most to the one with the least', () => {
    const { giving, receiving } = handover(counts({ za: 4, zb: 3, zc: 3 }), counts({ za: 9, zb: 1 }));
    expect([...giving]).toEqual([['za', 5]]);
    expect([...receiving].sort()).toEqual([
      ['zb', 2],
      ['zc', 3],
    ]);
  });

  it('leaves differences below one half', () => {
    const { giving } = handover(counts({ za: 2.5, zb: 2.5 }), counts({ za: 3, zb: 2 }));
    expect([...giving]).toEqual([]);
  });

  it('chooses the first zone among equals', () => {
    const { giving } = handover(counts({ za: 1, zb: 1, zc: 3 }), counts({ za: 2, zb: 2, zc: 1 }));
    expect([...giving]).toEqual([
      ['za', 1],
      ['zb', 1],
    ]);
    const single = handover(counts({ za: 1, zb: 1, zc: 2 }), counts({ za: 2, zb: 2, zc: 1 }));
    expect([...single.giving]).toEqual([['za', 1]]);
  });
});
