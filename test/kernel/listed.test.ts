/**
 * The kernel as the judge of what is read of nft's listings: printed again and loaded into a second namespace, they list the
 * same there. Where the machine cannot do this the tests are skipped, with the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes
 * that a failure.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ListedRuleset } from '../../src/backends/nftables/listed.ts';
import { parseListedJSON } from '../../src/backends/nftables/parse-json.ts';
import { parseListed } from '../../src/backends/nftables/parse-listed.ts';
import { printListed } from '../../src/backends/nftables/print-listed.ts';
import { listClusters } from '../support/cluster-folder.ts';
import { probeNftables, runInNamespace } from '../support/namespace.ts';

vi.setConfig({ testTimeout: 60_000 });

const CLUSTERS = join(import.meta.dirname, '../../fixtures/clusters');
const NAMES = listClusters(CLUSTERS).filter((name) => /^(mysql|random-00.*|wide-.*|nftables-.*)$/.test(name));
const LISTINGS = NAMES.flatMap((name) =>
  ['ipv4', 'ipv6'].map((family) => join(CLUSTERS, name, 'expected', `nftables.${family}.list`)),
).filter(existsSync);
const FOREIGN = join(import.meta.dirname, 'foreign-rules.nft');
/** Rules of iptables-nft, which has matches and targets of its own. */
const OF_IPTABLES = `
  iptables-nft -t nat -N CHAIN
  iptables-nft -t nat -A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "a portal" -j CHAIN
  iptables-nft -t nat -A CHAIN -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80
  iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 ! -o cbr0 -j MASQUERADE --random-fully
  iptables-nft -A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
  iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  iptables-nft -A INPUT -p tcp -m multiport --dports 80,443 -j REJECT
  iptables-nft -A INPUT -i eth+ -j LOG --log-prefix "abc "
  iptables-nft -t raw -A PREROUTING -p udp -j CT --notrack
  iptables-nft -t nat -A CHAIN -j MARK --or-mark 0x4000`;

const reason = probeNftables();
if (reason !== undefined) process.stderr.write(`no kernel tests with nftables: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

/** Without lines, and without what nft 1.0.6 leaves out of its JSON. */
function whatJSONSays(ruleset: ListedRuleset): unknown {
  return {
    ...ruleset,
    tables: ruleset.tables.map(({ line, comment, chains, sets, ...table }) => ({
      ...table,
      chains: chains.map(({ line, comment, rules, ...chain }) => ({
        ...chain,
        rules: rules.map(({ line, ...rule }) => rule),
      })),
      sets: sets.map(({ line, flags, elements, ...set }) => ({
        ...set,
        flags: flags.filter((flag) => flag !== 'dynamic'),
        elements: elements.map(({ line, ...element }) => element),
      })),
    })),
  };
}

describe.skipIf(reason !== undefined)('what nft lists', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-listed-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  const INTERFACES = 'ip link set lo up; ip link add cbr0 type bridge; ip link add eth9 type bridge';
  const list = (load: string, args: readonly string[] = []) =>
    runInNamespace(`${INTERFACES}; ${load}\nnft -s list ruleset`, args);

  async function expectSame(listed: string): Promise<void> {
    const ruleset = parseListed(listed);
    expect(ruleset.problems).toEqual([]);
    expect(
      ruleset.tables.flatMap(({ others }) => others.filter(({ object }) => object === undefined)),
    ).toEqual([]);
    const file = join(work, 'printed.nft');
    writeFileSync(file, printListed(ruleset));
    expect(await list('nft -f "$1"', [file])).toBe(listed);
  }

  it.each(LISTINGS.map((file) => [file.slice(CLUSTERS.length + 1), file]))('of %s', async (_, file) => {
    const listed = await list('nft -f "$1"', [file]);
    const { tables } = parseListed(listed);
    expect(JSON.stringify(tables)).not.toContain('"unknown"');
    await expectSame(listed);
  });

  it.each(
    LISTINGS.map((file) => [file.slice(CLUSTERS.length + 1), file]),
  )('of %s is the same as JSON', async (_, file) => {
    const printed = await runInNamespace(
      `${INTERFACES}; nft -f "$1"; nft list ruleset; echo ---; nft -j list ruleset`,
      [file],
    );
    const [text = '', json = ''] = printed.split('---\n');
    const ofJSON = parseListedJSON(json);
    expect(ofJSON.tables[0]?.chains.length).toBeGreaterThan(5);
    expect(whatJSONSays(ofJSON)).toEqual(whatJSONSays(parseListed(text)));
  });

  it('of foreign rules', async () => {
    const listed = await list('nft -f "$1"', [FOREIGN]);
    expect(listed.split('\n').length).toBeGreaterThan(200);
    await expectSame(listed);
  });

  it('of foreign rules, with handles and counters', async () => {
    const printed = await list('nft -f "$1"; nft -a list ruleset; echo ---', [FOREIGN]);
    const [counting = '', listed = ''] = printed.split('---\n');
    const read = (text: string) => {
      const ruleset = parseListed(text);
      // Objects of other kinds are texts, which hold their handles.
      return whatJSONSays({ ...ruleset, tables: ruleset.tables.map((table) => ({ ...table, others: [] })) });
    };
    expect(counting).toContain('# handle');
    expect(read(counting)).toEqual(read(listed));
  });

  it('of rules of iptables-nft', async () => {
    const listed = await list(OF_IPTABLES);
    const ruleset = parseListed(listed);
    const texts = ruleset.tables.flatMap(({ chains }) =>
      chains.flatMap(({ rules }) => rules.map(({ text }) => text)),
    );
    expect(JSON.stringify(ruleset)).not.toContain('"unknown"');
    expect(texts).toContain('fib daddr type local counter jump CHAIN');
    expect(texts).toContain('counter meta mark set meta mark | 0x00004000');
    expect(texts).toContain('oifname != "cbr0" ip saddr 10.0.0.0/8 counter masquerade fully-random');
  });
});
