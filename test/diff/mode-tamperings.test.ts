/** What is said of hosts in modes nftables and ipvs that were tampered with: the right Services, the right consequences; and of what is no difference. */
import { describe, expect, it } from 'vitest';
import { IPVS_TAMPERINGS } from './ipvs-tamperings.ts';
import { diffModeHost, type Mode, readModeHost, type Tampers } from './mode-hosts.ts';
import type { ModeTampering } from './mode-tampering.ts';
import { NFTABLES_TAMPERINGS } from './nftables-tamperings.ts';
import { HARMLESS } from './not-tamperings.ts';

const SHOP = 'fixtures/diffs/shop';
const CASES: readonly (readonly [Mode, readonly ModeTampering[]])[] = [
  ['nftables', NFTABLES_TAMPERINGS],
  ['ipvs', IPVS_TAMPERINGS],
];

describe.each(CASES)('diff of a host in mode %s', async (mode, tamperings) => {
  const host = await readModeHost(SHOP, mode);

  it('finds nothing where nothing was done', () => {
    expect(diffModeHost(host)).toMatchObject({
      equal: true,
      services: [],
      foreign: [],
      unknown: [],
      stale: [],
    });
  });

  it.each(HARMLESS[mode])('finds nothing where $name', ({ tampers }) => {
    expect(diffModeHost(host, tampers)).toMatchObject({ equal: true, services: [], foreign: [] });
  });

  it('has at least 40 cases', () => {
    expect(tamperings.length).toBeGreaterThanOrEqual(40);
  });

  it.each(tamperings)('after $name', ({ tampers, services, says, foreign = [], unknown = 0 }) => {
    const diff = diffModeHost(host, tampers);
    expect(diff.equal).toBe(false);
    const kinds: Record<string, string[]> = {};
    for (const { namespace, name, changes } of diff.services) {
      const key = `${namespace}/${name}`;
      kinds[key] = [...(kinds[key] ?? []), ...changes.map(({ kind }) => kind)];
    }
    expect(kinds).toEqual(services);
    expect([...new Set(diff.foreign.map(({ kind }) => kind))]).toEqual(foreign);
    expect(diff.unknown.filter(({ open }) => open)).toHaveLength(unknown);
    const said = [...diff.services.flatMap(({ changes }) => changes), ...diff.foreign].map(
      ({ consequence }) => consequence,
    );
    for (const text of says) expect(said).toContain(text);
  });
});

/** The same tamperings twice over: one does not hide another. */
describe.each(CASES)('two tamperings with mode %s', async (mode, tamperings) => {
  const host = await readModeHost(SHOP, mode);
  const pairs = tamperings.flatMap((one, i) => {
    const other = tamperings[i + 1];
    const named = (each: ModeTampering) => Object.keys(each.services);
    const isApart = other !== undefined && named(one).every((service) => !named(other).includes(service));
    return isApart && named(one).length === 1 && named(other).length === 1 ? [{ one, other }] : [];
  });

  it.each(pairs)('are both told: $one.name, $other.name', ({ one, other }) => {
    const tampers: Tampers = Object.fromEntries(
      [...Object.keys(one.tampers), ...Object.keys(other.tampers)].map((name) => {
        const key = name as keyof Tampers;
        return [key, (lines: readonly string[]) => both(one.tampers[key], other.tampers[key])(lines)];
      }),
    );
    const diff = diffModeHost(host, tampers);
    const found = new Set(diff.services.map(({ namespace, name }) => `${namespace}/${name}`));
    expect([...found].sort()).toEqual([...Object.keys(one.services), ...Object.keys(other.services)].sort());
  });
});

function both(one: Tampers[keyof Tampers], other: Tampers[keyof Tampers]) {
  return (lines: readonly string[]) => {
    const first = one?.(lines) ?? lines;
    return other?.(first) ?? first;
  };
}
