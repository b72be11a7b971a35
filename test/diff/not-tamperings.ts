/** Changes of a host's outputs that mean nothing, by mode. Each name completes "where …". */
import type { Tamper } from './hosts.ts';
import type { Mode, Tampers } from './mode-hosts.ts';
import { all, replaced } from './tamper.ts';

interface Harmless {
  readonly name: string;
  readonly tampers: Tampers;
}

function listing(name: string, tamper: Tamper): Harmless {
  return { name, tampers: { 'nftables.ipv4.list': tamper, 'nftables.ipv6.list': tamper } };
}

/** Lines of one kind, the other way round. */
function reversed(pattern: RegExp): Tamper {
  return (lines) => {
    const turned = lines.filter((line) => pattern.test(line)).reverse();
    return lines.map((line) => (pattern.test(line) ? (turned.shift() as string) : line));
  };
}

/** nft names the elements of a block one a line; the last needs no comma. */
const elementsReversed: Tamper = (lines) => {
  const out: string[] = [];
  let block: string[] = [];
  for (const line of lines) {
    if (/^\t{3}\S.*,$/.test(line)) block.push(line);
    else {
      out.push(...block.reverse(), line);
      block = [];
    }
  }
  return out;
};

export const HARMLESS: Readonly<Record<Mode, readonly Harmless[]>> = {
  iptables: [],
  nftables: [
    listing(
      'tables, chains and rules have handles',
      replaced(
        /^(\t\t(?!type |size |flags |timeout |comment |elements )\S.*[^{}]|\t?(table|chain|set|map) .*)$/,
        (line) => `${line} # handle 77`,
      ),
    ),
    listing(
      'comments were lost',
      replaced(/ comment "/, (line) => line.replace(/ comment "[^"]*"/g, '')),
    ),
    listing(
      'rules count',
      replaced(/^\t\t(jump|goto|meta l4proto|ct state) /, (line) =>
        line.replace(/(jump|goto|dnat) /, 'counter packets 7 bytes 420 $1 '),
      ),
    ),
    listing('elements stand in another order', elementsReversed),
    listing('the flags of sets stand in another order', (lines) =>
      lines.map((line) => line.replace('flags dynamic,timeout', 'flags timeout,dynamic')),
    ),
    listing('there are stale chains', (lines) =>
      lines.flatMap((line) =>
        line === '\tchain services {'
          ? [
              '\tchain service-AAAAAAAA-prod/old/tcp/ {',
              '\t\tmeta l4proto tcp dnat to 10.1.1.1:80',
              '\t}',
              line,
            ]
          : [line],
      ),
    ),
    listing('a table of others lets ssh in and logs', (lines) => [
      ...lines,
      'table inet admin {',
      '\tchain input {',
      '\t\ttype filter hook input priority filter; policy accept;',
      '\t\ttcp dport 22 accept',
      '\t\ticmp type echo-request drop',
      '\t\tlog prefix "in "',
      '\t}',
      '}',
    ]),
    listing('a table of others drops what has nothing to do with Services', (lines) => [
      ...lines,
      'table inet admin {',
      '\tchain input {',
      '\t\ttype filter hook input priority filter; policy accept;',
      '\t\ttcp dport 25 drop',
      '\t}',
      '}',
    ]),
    listing('clients are remembered', (lines) =>
      lines.map((line) =>
        line === '\t\ttimeout 1h'
          ? '\t\ttimeout 1h\n\t\telements = { 10.244.1.9 expires 59m1s, 10.244.2.9 expires 12s }'
          : line,
      ),
    ),
  ],
  ipvs: [
    { name: 'virtual servers stand in another order', tampers: { 'ipvs.ipvsadm': serversReversed } },
    {
      name: 'real servers stand in another order',
      tampers: { 'ipvs.ipvsadm': (lines) => lines.flatMap(realServersReversed()) },
    },
    { name: 'entries stand in another order', tampers: { 'ipvs.ipset.save': reversed(/^add /) } },
    { name: 'sets stand in another order', tampers: { 'ipvs.ipset.save': reversed(/^create /) } },
    { name: 'addresses stand in another order', tampers: { 'ipvs.addrs': reversed(/./) } },
    {
      name: 'sets have other sizes, seeds and counters',
      tampers: {
        'ipvs.ipset.save': replaced(
          /^create \S+ hash/,
          (line) => `${line.replace('hashsize 1024', 'hashsize 4096')} bucketsize 12 initval 0x5ad4`,
        ),
      },
    },
    {
      name: 'a real server without weight waits for its connections to end',
      tampers: { 'ipvs.ipvsadm': (lines) => [...lines, '-a -t 10.96.14.7:80 -r 10.244.2.77:8080 -m -w 0'] },
    },
    {
      name: 'others have a set',
      tampers: {
        'ipvs.ipset.save': (lines) => [
          ...lines,
          'create cali40x hash:net family inet hashsize 1024 maxelem 65536',
        ],
      },
    },
    {
      name: 'rules count, and are without comments',
      tampers: {
        'ipvs.ipv4.save': all(
          replaced(/^-A /, (line) => line.replace(/ -m comment --comment ("[^"]*"|\S+)/g, '')),
          replaced(/^-A /, (line) => `[7:420] ${line}`),
        ),
      },
    },
    {
      name: "kubelet's chains are there",
      tampers: {
        'ipvs.ipv4.save': (lines) =>
          lines.map((line) =>
            line === '*nat' ? '*nat\n:KUBE-KUBELET-CANARY - [0:0]\n:KUBE-MARK-DROP - [0:0]' : line,
          ),
      },
    },
  ],
};

function serversReversed(lines: readonly string[]): readonly string[] {
  const blocks: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('-A ')) blocks.push([line]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.reverse().flat();
}

/** Each goes in front of those before it, behind its server. */
function realServersReversed(): (line: string, i: number, lines: readonly string[]) => readonly string[] {
  return (line, i, lines) => {
    if (!line.startsWith('-A ')) return [];
    const next = lines.findIndex((other, j) => j > i && other.startsWith('-A '));
    return [line, ...lines.slice(i + 1, next < 0 ? undefined : next).reverse()];
  };
}
