import { describe, expect, it } from 'vitest';
import { allocateProxyPorts } from '../../../src/backends/userspace/proxy-ports.ts';

const NAMES = Array.from({ length: 2000 }, (_, i) => `ns-${i % 7}/service-${i}:http`);

describe('allocateProxyPorts', () => {
  it('gives each name a port of its own, outside those that are taken', () => {
    const taken = new Set([20005, 20006, 20500]);
    const ports = [...allocateProxyPorts(NAMES, { first: 20000, last: 22002 }, taken).values()];
    expect(new Set(ports).size).toBe(NAMES.length);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(20000);
    expect(Math.max(...ports)).toBeLessThanOrEqual(22002);
    expect(ports.filter((port) => taken.has(port))).toEqual([]);
  });

  it('gives the same ports in any order', () => {
    const ports = allocateProxyPorts(NAMES, undefined, []);
    const reversed = allocateProxyPorts([...NAMES].reverse(), undefined, []);
    expect(new Map([...reversed].sort())).toEqual(new Map([...ports].sort()));
  });

  it('moves few others when a Service is added', () => {
    const before = allocateProxyPorts(NAMES, undefined, []);
    const after = allocateProxyPorts([...NAMES, 'a/new'], undefined, []);
    expect(NAMES.filter((name) => before.get(name) !== after.get(name)).length).toBeLessThan(3);
  });

  it("leaves ports of Kubernetes' own programs and node ports alone by default", () => {
    const ports = [...allocateProxyPorts(NAMES, undefined, []).values()];
    expect(ports.filter((port) => port < 10000 || port > 29999 || (port >= 10248 && port <= 10260))).toEqual(
      [],
    );
  });

  it('fills a range to its last port', () => {
    const ports = allocateProxyPorts(NAMES.slice(0, 10), { first: 5000, last: 5009 }, []);
    expect([...ports.values()].sort()).toEqual(Array.from({ length: 10 }, (_, i) => 5000 + i));
  });

  it('refuses a range that is too small', () => {
    expect(() => allocateProxyPorts(NAMES.slice(0, 3), { first: 5000, last: 5003 }, [5001, 5002])).toThrow(
      /3 service ports need a local proxy port each, and 5000-5003 has 2; .*--proxy-port-range/,
    );
  });
});
