/** What ipvsadm prints is read without loss: the lists below are a real kernel's, of Linux 6.1 with ipvsadm 1.31. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseListedServers, parseSavedServers } from '../../../src/backends/ipvs/parse-ipvsadm.ts';
import { printServers } from '../../../src/backends/ipvs/print-listed.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures');
const SAVED = `-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 3
-a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 0
-A -t 10.0.0.2:0 -s rr -p 360
-A -u 10.0.0.1:53 -s mh -p 10800 -M 255.255.255.0 -o -b mh-fallback,mh-port
-a -u 10.0.0.1:53 -r 10.1.0.3:53 -i -w 1
-A -u 10.0.0.3:5060 -s rr -p 60 --pe sip -o
-A -u 10.0.0.4:5060 -s rr -o
-A --sctp-service 10.0.0.1:132 -s sh -b sh-fallback,sh-port
-a --sctp-service 10.0.0.1:132 -r 127.0.0.1:132 -g -w 1
-A -t [fd00::1]:443 -s lc -p 100 -M 64
-a -t [fd00::1]:443 -r [fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:1111]:8443 -m -w 1
-a -t [fd00::1]:443 -r [::1]:8443 -m -w 1
-A -f 7 -s wrr -p 20
-a -f 7 -r 10.1.0.9:0 -m -w 1
-A -f 8 -6 -s wlc -p 30 -M 64
`;
const LISTED = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.1:80 rr
  -> 10.1.0.1:8080                Masq    1      0          0         
  -> 10.1.0.2:80                  Route   3      0          0         
  -> 10.1.0.2:8080                Masq    0      0          0         
TCP  10.0.0.2:0 rr persistent 360
UDP  10.0.0.1:53 mh (mh-fallback,mh-port) persistent 10800 mask 255.255.255.0 ops
  -> 10.1.0.3:53                  Tunnel  1      0          0         
UDP  10.0.0.3:5060 rr persistent 60 pe sip ops
UDP  10.0.0.4:5060 rr ops
SCTP 10.0.0.1:132 sh (sh-fallback,sh-port)
  -> 127.0.0.1:132                Route   1      0          0         
TCP  [fd00::1]:443 lc persistent 100 mask 64
  -> [fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:1111]:8443 Masq    1      0          0         
  -> [::1]:8443                   Masq    1      0          0         
FWM  7 wrr persistent 20
  -> 10.1.0.9:0                   Masq    1      0          0         
FWM  8 IPv6 wlc persistent 30 mask 64
`;

describe('ipvsadm -Sn', () => {
  const files = (readdirSync(FIXTURES, { recursive: true }) as string[]).filter((file) =>
    basename(file).startsWith('ipvs.ipvsadm'),
  );

  it('has fixtures', () => {
    expect(files.length).toBeGreaterThan(15);
  });

  it.each(files)('of %s is printed back as it was', (file) => {
    const text = readFileSync(join(FIXTURES, file), 'utf8');
    const { servers, problems } = parseSavedServers(text);
    expect(problems).toEqual([]);
    expect(printServers(servers)).toBe(text);
    expect(servers.filter(({ unknown }) => unknown !== undefined)).toEqual([]);
    const lines = servers.flatMap((server) => [server.text, ...server.realServers.map((real) => real.text)]);
    expect(lines.map((line) => `${line}\n`).join('')).toBe(text);
  });

  it('of every kind of server is printed back as it was', () => {
    const { servers, problems } = parseSavedServers(SAVED);
    expect(problems).toEqual([]);
    expect(printServers(servers)).toBe(SAVED);
  });

  it('is typed', () => {
    const { servers } = parseSavedServers(SAVED);
    expect(servers[0]).toEqual({
      kind: 'virtual-server',
      line: 1,
      text: '-A -t 10.0.0.1:80 -s rr',
      service: { kind: 'socket', protocol: 'tcp', socket: { address: '10.0.0.1', port: 80 } },
      scheduler: 'rr',
      persistentSeconds: 0,
      onePacket: false,
      realServers: expect.any(Array),
    });
    expect(servers[0]?.realServers[1]).toEqual({
      kind: 'real-server',
      line: 3,
      text: '-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 3',
      service: { kind: 'socket', protocol: 'tcp', socket: { address: '10.0.0.1', port: 80 } },
      socket: { address: '10.1.0.2', port: 80 },
      forwarding: 'route',
      weight: 3,
    });
    expect(servers[2]).toMatchObject({
      persistentSeconds: 10_800,
      netmask: '255.255.255.0',
      onePacket: true,
      flags: ['mh-fallback', 'mh-port'],
    });
    expect(servers[3]).toMatchObject({ engine: 'sip', onePacket: true });
    expect(servers.at(-1)?.service).toEqual({ kind: 'mark', mark: 8, family: 'IPv6' });
  });

  it.each([
    [
      'options of tunnels',
      '-i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum',
      '--tun-type gue --tun-port 6080 --tun-nocsum',
    ],
    ['a blank at the end', '-m -w 1 ', ''],
  ])('keeps %s', (_, options, unknown) => {
    const text = `-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 ${options}\n`;
    const { servers, problems } = parseSavedServers(text);
    expect(problems).toEqual([]);
    expect(servers[0]?.realServers[0]?.unknown).toBe(unknown);
    expect(printServers(servers)).toBe(text);
  });

  it.each([
    // ipvsadm prints a flag of the scheduler without a name so.
    ['-A -t 10.0.0.5:80 -s mh -b ', { flags: [''] }],
    ['-A -t 10.0.0.5:80 -s rr --later 7', { unknown: '--later 7' }],
    ['-A -t 10.0.0.5:80 -s rr -p 0', { persistentSeconds: 0, unknown: '-p 0' }],
  ])('keeps what %s says', (line, expected) => {
    const { servers, problems } = parseSavedServers(`${line}\n`);
    expect(problems).toEqual([]);
    expect(servers[0]).toMatchObject(expected);
    expect(printServers(servers)).toBe(`${line}\n`);
  });

  it('compares addresses in one spelling, and prints them in theirs', () => {
    const text = '-A -t [::10.0.0.1]:80 -s rr\n-a -t [::10.0.0.1]:80 -r [::10.0.0.2]:80 -m -w 1\n';
    const { servers } = parseSavedServers(text);
    expect(printServers(servers)).toBe(text);
    const again = parseSavedServers(`${text}-A -t [::0:A00:1]:80 -s rr\n`);
    expect(again.problems).toMatchObject([{ line: 3, problem: expect.stringContaining('twice') }]);
  });
});

describe('ipvsadm -Ln', () => {
  it('says the same as ipvsadm -Sn', () => {
    const { servers, problems } = parseListedServers(LISTED);
    expect(problems).toEqual([]);
    expect(printServers(servers)).toBe(SAVED);
  });

  it('has lines of its own', () => {
    const { servers } = parseListedServers(LISTED);
    expect(servers.map(({ line }) => line)).toEqual([4, 8, 9, 11, 12, 13, 15, 18, 20]);
    expect(servers[0]?.realServers[0]).toMatchObject({
      line: 5,
      text: '-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 1',
    });
  });

  it('is not the list of statistics', () => {
    const stats = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.0.0.1:80                         0        0        0        0        0
  -> 10.1.0.1:8080                       0        0        0        0        0
`;
    const { servers, problems } = parseListedServers(stats);
    expect(servers).toEqual([]);
    expect(problems.map(({ line }) => line)).toEqual([4, 5]);
  });

  it('gives no real server to the virtual server before one that cannot be read', () => {
    const text = `TCP  10.0.0.1:80 rr\nTCP  web:http rr\n  -> 10.1.0.1:8080  Masq 1 0 0\n`;
    const { servers, problems } = parseListedServers(text);
    expect(servers.map(({ realServers }) => realServers.length)).toEqual([0]);
    expect(problems.map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe('what the kernel would not have', () => {
  it.each([
    ['a virtual server twice', '-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s sh\n', 2],
    [
      'a real server twice',
      '-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 2\n',
      3,
    ],
    ['a real server of nobody', '-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n', 1],
    ['names', '-A -t web:http -s rr\n', 1],
    ['a line that is cut off', '-A -t 10.0.0.1:80 -s r', 1],
    ['a port out of range', '-A -t 10.0.0.1:65536 -s rr\n', 1],
    ['an address without brackets', '-A -t fd00::1:80 -s rr\n', 1],
    ['brackets around IPv4', '-A -t [10.0.0.1]:80 -s rr\n', 1],
    ['no scheduler', '-A -t 10.0.0.1:80\n', 1],
    ['a weight that is none', '-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w -1\n', 2],
    ['mark 0', '-A -f 0 -s rr\n', 1],
    ['another command', '-D -t 10.0.0.1:80\n', 1],
    ['a shell', '; rm -rf /\n', 1],
  ])('is a problem: %s', (_, text, line) => {
    const { problems } = parseSavedServers(text);
    expect(problems.map((problem) => problem.line)).toEqual([line]);
  });

  it('keeps the first of two', () => {
    const { servers } = parseSavedServers('-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s sh\n');
    expect(servers.map(({ scheduler }) => scheduler)).toEqual(['rr']);
  });
});

describe('hostile text', () => {
  const million = 1 << 20;
  it.each([
    ['one long line', `-A -t ${'1'.repeat(million)}:80 -s rr\n`],
    ['a long address', `-A -t [${':'.repeat(million)}]:80 -s rr\n`],
    ['many words', `-A -t 10.0.0.1:80 -s rr ${'-p '.repeat(million)}\n`],
    ['blanks', `${' '.repeat(million)}x\n${' '.repeat(million)}\n`],
    ['arrows', '  -> '.repeat(million / 4)],
    ['line breaks', '\n'.repeat(million)],
    ['carriage returns', '\r\n'.repeat(million)],
    ['what no text is', '\0\ufffd\u2028'.repeat(million / 4)],
    ['many servers', Array.from({ length: 60_000 }, (_, i) => `-A -u 10.0.0.1:${i} -s rr\n`).join('')],
  ])('is read in time: %s', (_, text) => {
    const start = performance.now();
    const [saved, listed] = [parseSavedServers(text), parseListedServers(text)];
    expect(saved.servers.length + saved.problems.length).toBeLessThanOrEqual(text.split('\n').length);
    expect(listed.servers).toEqual([]);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
