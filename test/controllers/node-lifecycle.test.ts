import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/apiserver/objects.ts';
import {
  clusterAt,
  markPodsNotReady,
  missProbability,
  nodeReadyAt,
} from '../../src/controllers/node-lifecycle.ts';
import { nodeReadyStatus } from '../../src/controllers/node-status.ts';
import { clusterState, node, pod, podStatus } from './cluster-state.ts';

describe('nodeReadyAt', () => {
  it.each<[string, number[], number, boolean]>([
    ['no report yet', [], 100_000, false],
    ['only later reports', [100_001], 100_000, false],
    ['a report now', [100_000], 100_000, true],
    ['a report as old as the grace period', [60_000], 100_000, true],
    ['a report one millisecond older', [59_999], 100_000, false],
    ['the last of several, in any order', [70_000, 10_000, 30_000], 100_000, true],
    ['a late report after a gap', [10_000, 99_000], 100_000, true],
    ['the gap before it', [10_000, 99_000], 98_000, false],
  ])('%s', (_, heartbeats, now, ready) => {
    expect(nodeReadyAt(heartbeats, 40_000, now)).toBe(ready);
  });
});

describe('missProbability', () => {
  const intervals = { minimumInterval: 20_000, maximumInterval: 50_000 };

  it('is one in three for reports every 20 to 50 s and a grace period of 40 s', () => {
    const { perInterval, perHour, timesPerHour } = missProbability({ ...intervals, gracePeriod: 40_000 });
    expect(perInterval).toBeCloseTo(1 / 3, 12);
    expect(perHour).toBeGreaterThan(1 - 1e-15);
    expect(timesPerHour).toBeCloseTo(3600 / 35 / 3, 9);
  });

  it.each([50_000, 60_000, 120_000])('is 0 for a grace period of %i ms', (gracePeriod) => {
    const none = { perInterval: 0, perHour: 0, timesPerHour: 0 };
    expect(missProbability({ ...intervals, gracePeriod })).toEqual(none);
  });

  it('is certain where no interval is short enough', () => {
    expect(missProbability({ ...intervals, gracePeriod: 10_000 })).toMatchObject({
      perInterval: 1,
      perHour: 1,
    });
  });

  it('knows intervals that never vary', () => {
    const fixed = { minimumInterval: 10_000, maximumInterval: 10_000 };
    expect(missProbability({ ...fixed, gracePeriod: 10_000 }).perInterval).toBe(0);
    expect(missProbability({ ...fixed, gracePeriod: 9_999 }).perInterval).toBe(1);
  });

  it('agrees with a simulated year', () => {
    const gracePeriod = 49_900;
    const { perInterval, perHour, timesPerHour } = missProbability({ ...intervals, gracePeriod });
    const random = generator(1);
    const hours = 24 * 365;
    const missed = new Set<number>();
    let misses = 0;
    let reports = 0;
    for (let now = 0; now < hours * 3_600_000; reports++) {
      const interval = 20_000 + 30_000 * random();
      now += interval;
      if (interval <= gracePeriod) continue;
      misses++;
      missed.add(Math.floor(now / 3_600_000));
    }
    expect(misses / reports).toBeCloseTo(perInterval, 3);
    expect(misses / hours).toBeCloseTo(timesPerHour, 1);
    expect(missed.size / hours).toBeCloseTo(perHour, 1);
  });

  it('refuses intervals that make no sense', () => {
    expect(() => missProbability({ ...intervals, minimumInterval: 0, gracePeriod: 1 })).toThrow(RangeError);
    expect(() => missProbability({ ...intervals, maximumInterval: 1, gracePeriod: 1 })).toThrow(RangeError);
    expect(() => missProbability({ ...intervals, gracePeriod: Number.NaN })).toThrow(RangeError);
  });
});

/** Mulberry32: the same numbers in [0, 1) every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('markPodsNotReady', () => {
  const at = '2026-01-02T03:04:05Z';

  it.each(['False', 'Unknown'] as const)('takes the readiness of Pods on a Node that is %s', (ready) => {
    const pods = [pod('p1', '10.244.0.1'), pod('p2', '10.244.0.2', { spec: { nodeName: 'n2' } })];
    const [marked, other] = markPodsNotReady(pods, [node('n1', 'z', ready), node('n2')], at);
    expect(marked?.status?.conditions).toEqual([{ type: 'Ready', status: 'False', lastTransitionTime: at }]);
    expect(other).toBe(pods[1]);
    expect(pods[0]?.status?.conditions?.[0]?.status).toBe('True');
  });

  it('leaves Pods alone that are not ready anyway, or never reported', () => {
    const pods = [
      pod('p1', '10.244.0.1', { status: podStatus('10.244.0.1', 'False') }),
      pod('p2', '10.244.0.2', { status: { podIP: '10.244.0.2' } }),
    ];
    expect(markPodsNotReady(pods, [node('n1', 'z', 'Unknown')], at)).toEqual(pods);
  });

  it('leaves Pods alone on a Node without a Ready condition', () => {
    const pods = [pod('p1', '10.244.0.1')];
    const silent = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as const;
    expect(markPodsNotReady(pods, [silent], at)).toBe(pods);
  });
});

describe('clusterAt', () => {
  const reported = Date.parse('2026-01-01T00:00:00Z');
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }];
  const state = clusterState({
    nodes: [{ ...node('n1'), status: { conditions } } as Node, node('n2')],
    pods: [pod('p1', '10.244.0.1'), pod('p2', '10.244.0.2', { spec: { nodeName: 'n2' } })],
  });
  const readiness = (at: number) => {
    const { nodes, pods } = clusterAt(state, { at, gracePeriod: 40_000 });
    return [nodeReadyStatus(nodes[0] as Node), ...pods.map(({ status }) => status?.conditions?.[0]?.status)];
  };

  it('takes a Node for lost once its last report is older than the grace period', () => {
    expect(readiness(reported + 40_000)).toEqual(['True', 'True', 'True']);
    expect(readiness(reported + 40_001)).toEqual(['Unknown', 'False', 'True']);
  });

  it('says since when', () => {
    const { pods } = clusterAt(state, { at: reported + 60_000, gracePeriod: 40_000 });
    expect(pods[0]?.status?.conditions?.[0]).toMatchObject({ lastTransitionTime: '2026-01-01T00:01:00Z' });
  });
});
