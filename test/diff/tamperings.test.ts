/** What is said of a host whose rules were tampered with: never "equal", the right Services, the right consequences. */
import { beforeAll, describe, expect, it } from 'vitest';
import { diffHost, type Host, readHost } from './hosts.ts';
import { TAMPERINGS } from './tamperings.ts';

const SHOP = 'fixtures/diffs/shop';
let host: Host;
beforeAll(async () => {
  host = await readHost(SHOP);
});

it('finds nothing where nothing was done', () => {
  expect(diffHost(host)).toMatchObject({ equal: true, services: [], foreign: [], unknown: [], stale: [] });
});

describe('diff after', () => {
  it.each(TAMPERINGS)('$name', ({ tamper, services, says, foreign = [], unknown = 0 }) => {
    const diff = diffHost(host, tamper);
    expect(diff.equal).toBe(false);
    const kinds: Record<string, string[]> = {};
    for (const { namespace, name, changes } of diff.services) {
      const key = `${namespace}/${name}`;
      kinds[key] = [...(kinds[key] ?? []), ...changes.map(({ kind }) => kind)];
    }
    expect(kinds).toEqual(services);
    expect([...new Set(diff.foreign.map(({ kind }) => kind))]).toEqual(foreign);
    expect(diff.unknown.filter(({ open }) => open)).toHaveLength(unknown);
    const said = [...diff.services.flatMap(({ changes }) => changes), ...diff.foreign, ...diff.unknown].map(
      ({ consequence }) => consequence,
    );
    for (const text of says) expect(said).toContain(text);
  });

  it('has at least 30 cases', () => {
    expect(TAMPERINGS.length).toBeGreaterThanOrEqual(60);
  });
});

describe('diff of IPv6', () => {
  it('says the same as of IPv4', () => {
    const diff = diffHost(
      host,
      (lines) => lines.filter((line) => !line.includes('-j KUBE-SEP-') || !line.includes('--probability')),
      'IPv6',
    );
    expect(diff.services).toMatchObject([
      {
        namespace: 'prod',
        name: 'web',
        port: 80,
        protocol: 'TCP',
        family: 'IPv6',
        changes: [{ kind: 'endpoint-missing' }],
      },
    ]);
    expect(diff.services[0]?.changes[0]?.consequence).toBe(
      '[fd00:10:244:1::8]:8080 gets no new connections; 1 in 2 new connections to prod/web:80 should go there',
    );
  });
});
