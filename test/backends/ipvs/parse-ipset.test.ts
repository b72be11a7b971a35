/** What `ipset save` prints is read without loss. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseIPSets } from '../../../src/backends/ipvs/parse-ipset.ts';
import { printIPSets } from '../../../src/backends/ipvs/print-listed.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures');

/** ipset 7.17 on Linux 6.18. */
const SAVED = `create hash_ip hash:ip family inet hashsize 1024 maxelem 65536 netmask 24 bucketsize 12 initval 0x03cf94e8
create hash_net hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xad86b5d5
add hash_net 10.0.0.0/8
add hash_net 10.1.0.0/16 nomatch
create hash_net_port hash:net,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x3af6dfb9
add hash_net_port 10.0.0.0/8,tcp:81
create hash_ip_port_ip hash:ip,port,ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xc0a64485
add hash_ip_port_ip 10.0.0.1,sctp:80,10.0.0.2
create hash_ip_port_net hash:ip,port,net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x6e20d0da
add hash_ip_port_net 10.0.0.1,gre:0,10.0.0.0/8
add hash_ip_port_net 10.0.0.1,tcp:80,10.0.0.0/8 nomatch
create hash_net_iface hash:net,iface family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x3a551f8b
add hash_net_iface 10.0.0.0/8,physdev:eth0
create bitmap_ip bitmap:ip range 10.0.0.0-10.0.0.255
add bitmap_ip 10.0.0.1
create bitmap_port bitmap:port range 0-1000
add bitmap_port 80
create c6 hash:ip,port family inet6 hashsize 1024 maxelem 65536 timeout 0 counters comment skbinfo bucketsize 12 initval 0x83f154eb
add c6 fd00::1,udp:80 timeout 99 packets 0 bytes 0
add c6 fd00::1,ospf:0 timeout 0 packets 0 bytes 0
add c6 fd00::1,tcp:80 timeout 0 packets 4 bytes 5 comment "a b c" skbmark 0x1/0xff skbprio 1:2 skbqueue 3
add c6 fd00::1,ipv6-icmp:echo-request timeout 0 packets 0 bytes 0
create cm hash:net family inet hashsize 64 maxelem 100 comment bucketsize 12 initval 0x8978695e
add cm 1.0.0.0/8 comment "it's \\ x"
create list_set list:set size 8
add list_set c6
`;

describe('ipset save', () => {
  const files = (readdirSync(FIXTURES, { recursive: true }) as string[]).filter((file) =>
    basename(file).startsWith('ipvs.ipset.save'),
  );

  it('has fixtures', () => {
    expect(files.length).toBeGreaterThan(15);
  });

  it.each(files)('of %s is printed back as it was', (file) => {
    const text = readFileSync(join(FIXTURES, file), 'utf8');
    const { sets, problems } = parseIPSets(text);
    expect(problems).toEqual([]);
    expect(sets.filter(({ unknown, entries }) => unknown ?? entries.some((entry) => entry.unknown))).toEqual(
      [],
    );
    // The fixtures have all sets first, then all entries.
    const printed = printIPSets(sets).split(/^(?=create|add)/m);
    const isCreate = (line: string) => line.startsWith('create');
    const inOrder = [...printed.filter(isCreate), ...printed.filter((line) => !isCreate(line))];
    expect(inOrder.join('')).toBe(text);
  });

  it('of every type is printed back as it was', () => {
    const { sets, problems } = parseIPSets(SAVED);
    expect(problems).toEqual([]);
    expect(printIPSets(sets)).toBe(SAVED);
    const all = sets.flatMap((set) => [set, ...set.entries]);
    expect(all.filter(({ unknown }) => unknown !== undefined)).toEqual([]);
    expect(all.map(({ text }) => `${text}\n`).join('')).toBe(SAVED);
  });

  it('is typed', () => {
    const { sets } = parseIPSets(SAVED);
    const set = (name: string) => sets.find((each) => each.name === name);
    expect(set('hash_ip')?.options).toContainEqual({ name: 'netmask', value: '24' });
    expect(set('hash_net')?.entries.map(({ nomatch }) => nomatch)).toEqual([false, true]);
    expect(set('hash_ip_port_ip')?.entries[0]).toMatchObject({
      kind: 'set-entry',
      line: 8,
      set: 'hash_ip_port_ip',
      parts: [
        { kind: 'network', address: '10.0.0.1', prefixLength: 32 },
        { kind: 'port', protocol: 'sctp', port: 80 },
        { kind: 'network', address: '10.0.0.2', prefixLength: 32 },
      ],
    });
    expect(set('hash_ip_port_net')?.entries[0]?.parts[1]).toEqual({ kind: 'other', text: 'gre:0' });
    expect(set('bitmap_port')?.entries[0]?.parts).toEqual([{ kind: 'port', text: '80', port: 80 }]);
    expect(set('c6')?.entries[2]?.options).toContainEqual({ name: 'comment', value: 'a b c' });
    expect(set('list_set')?.entries[0]?.parts).toEqual([{ kind: 'other', text: 'c6' }]);
  });

  it.each([
    ['create S hash:ip family inet later 7 hashsize 8', 'later 7 hashsize 8'],
    ['create S hash:ip family', 'family'],
    ['create S hash:ip family inet ', ''],
  ])('keeps what %s says', (line, unknown) => {
    const { sets, problems } = parseIPSets(`${line}\n`);
    expect(problems).toEqual([]);
    expect(sets[0]?.unknown).toBe(unknown);
    expect(printIPSets(sets)).toBe(`${line}\n`);
  });

  it.each([
    ['comment "a"b', 'comment "a"b'],
    ['comment a', 'comment a'],
    ['comment "nomatch" later', 'later'],
    ['comment "x" nomatch', undefined],
    ['comment "add S 10.0.0.2"', undefined],
  ])('keeps what an entry says with %s', (options, unknown) => {
    const text = `create S hash:ip family inet comment\nadd S 10.0.0.1 ${options}\n`;
    const { sets, problems } = parseIPSets(text);
    expect(problems).toEqual([]);
    expect(sets[0]?.entries.map((entry) => entry.unknown)).toEqual([unknown]);
    expect(printIPSets(sets)).toBe(text);
  });
});

describe('what the kernel would not have', () => {
  const S = 'create S hash:ip,port family inet\n';
  it.each([
    ['a set twice', `${S}create S hash:ip family inet\n`, [2]],
    ['an entry twice', `${S}add S 10.0.0.1,tcp:80\nadd S 10.0.0.1,tcp:80 timeout 5\n`, [3]],
    ['an entry of no set', 'add S 10.0.0.1\n', [1]],
    ['too few parts', `${S}add S 10.0.0.1\n`, [2]],
    ['too many parts', `${S}add S 10.0.0.1,tcp:80,10.0.0.2\n`, [2]],
    ['no address', `${S}add S 10.0.0.256,tcp:80\n`, [2]],
    ['no port', `${S}add S 10.0.0.1,tcp:65536\n`, [2]],
    ['no type', 'create S table:ip\n', [1]],
    ['another command', `${S}flush S\n`, [2]],
    ['a line that is cut off', `${S}add S 10.0.0.1,tcp:8`, [2]],
    ['a quote in a name', 'create "S hash:ip" hash:ip\n', [1]],
  ])('is a problem: %s', (_, text, lines) => {
    expect(parseIPSets(text).problems.map(({ line }) => line)).toEqual(lines);
  });

  it('reads nothing behind a quote that stays open', () => {
    const text = `${S}add S 10.0.0.1,tcp:80 comment "x\nadd S 10.0.0.2,tcp:80\nadd S 10.0.0.3,tcp:80 comment ""\n`;
    const { sets, problems } = parseIPSets(text);
    expect(sets[0]?.entries).toEqual([]);
    expect(problems).toMatchObject([{ line: 2, problem: expect.stringContaining('quote') }]);
  });
});

describe('hostile text', () => {
  const million = 1 << 20;
  it.each([
    ['one long line', `create ${'S'.repeat(million)}\n`],
    ['many options', `create S hash:ip ${'counters '.repeat(million / 8)}\n`],
    ['many commas', `create S hash:ip\nadd S ${','.repeat(million)}\n`],
    ['quotes', `create S hash:ip\nadd S 10.0.0.1 ${'comment "" '.repeat(million / 8)}\n`],
    ['open quotes', '"\n'.repeat(million / 2)],
    ['blanks', `create S hash:ip${' '.repeat(million)}x\n`],
    ['what no text is', '\0\ufffd\u2028'.repeat(million / 4)],
    [
      'many entries',
      `create S bitmap:port range 0-65535\n${Array.from({ length: 65_536 }, (_, i) => `add S ${i}\n`).join('')}`,
    ],
  ])('is read in time: %s', (_, text) => {
    const start = performance.now();
    const { sets, problems } = parseIPSets(text);
    expect(sets.length + problems.length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
