/**
 * Rules that kube-proxy does not write, each with a packet that shows what the kernel makes of them, on the network of
 * test/kernel/trace-network.ts. In: nothing. Out: a ruleset as nft lists it, a packet, and what the tracer says of it.
 */
import type { Packet } from '../../../src/trace/packet.ts';

export interface MechanicsCase {
  readonly name: string;
  readonly ruleset: string;
  readonly packet: Packet;
  readonly expected: string;
}

const FROM_CLIENT = {
  protocol: 'tcp',
  source: '203.0.113.2',
  arrival: { kind: 'device', name: 'client' },
} as const;
const FROM_NODE = { protocol: 'tcp', source: '192.168.0.2', arrival: { kind: 'host' } } as const;
const TO_POD = { destination: '10.0.1.1', destinationPort: 8080 } as const;
const TO_VIP = { destination: '172.30.9.9', destinationPort: 80 } as const;
const TO_NODE = { destination: '192.168.0.2', destinationPort: 7000 } as const;

const POD: Packet = { ...FROM_CLIENT, ...TO_POD };
const UDP_POD: Packet = { ...POD, protocol: 'udp', destinationPort: 8081 };
const VIP: Packet = { ...FROM_CLIENT, ...TO_VIP };
const NODE: Packet = { ...FROM_CLIENT, ...TO_NODE };
const NODE_VIP: Packet = { ...FROM_NODE, ...TO_VIP };
const NODE_NODE: Packet = { ...FROM_NODE, ...TO_NODE };
const PASSES = '10.0.1.1:8080';

/** Only what the client begins: rules without a state see answers as well. */
const C = 'ip saddr 203.0.113.2';

function base(name: string, hook: string, priority: string, rules: readonly string[], head = ''): string {
  return `chain on-${name} { ${head.includes('nat') ? 'type nat' : 'type filter'} hook ${hook} priority ${priority}; policy ${head.includes('drop') ? 'drop' : 'accept'};\n${rules.join('\n')}\n}\n`;
}

const forward = (...rules: readonly string[]) => base('fwd', 'forward', 'filter', rules);
const chain = (name: string, ...rules: readonly string[]) => `chain ${name} {\n${rules.join('\n')}\n}\n`;
const table = (body: string, family = 'ip', name = 't') => `table ${family} ${name} {\n${body}}\n`;
const dnat = (target: string, match: string = C) =>
  base('pre', 'prerouting', 'dstnat', [`${match} dnat to ${target}`], 'nat');

type Row = readonly [string, string, Packet, string];

const VERDICTS: readonly Row[] = [
  [
    'accept ends one base chain only',
    `${forward(`${C} accept`)}${base('later', 'forward', 'filter + 10', [`${C} drop`])}`,
    POD,
    'dropped',
  ],
  [
    'drop ends all',
    `${forward(`${C} drop`)}${base('later', 'forward', 'filter + 10', [`${C} accept`])}`,
    POD,
    'dropped',
  ],
  [
    'of equal priorities the chain made last is asked first',
    `${forward(`${C} reject`)}${base('later', 'forward', 'filter', [`${C} drop`])}`,
    POD,
    'dropped',
  ],
  [
    'return in a base chain is its policy',
    base('fwd', 'forward', 'filter', [`${C} return`, 'accept'], 'drop'),
    POD,
    'dropped',
  ],
  [
    'goto does not come back',
    `${forward(`${C} goto a`, `${C} drop`)}${chain('a', 'ip protocol udp drop')}`,
    POD,
    PASSES,
  ],
  [
    'goto within a chain returns to its caller',
    `${forward(`${C} jump a`, `${C} drop`)}${chain('a', 'goto b', 'accept')}${chain('b', 'ip protocol udp drop')}`,
    POD,
    'dropped',
  ],
  [
    'jump comes back',
    `${forward(`${C} jump a`, `${C} drop`)}${chain('a', 'return', 'accept')}`,
    POD,
    'dropped',
  ],
  ['a policy', base('fwd', 'forward', 'filter', [], 'drop'), POD, 'dropped'],
  ['reject', forward(`${C} reject`), POD, 'rejected icmp-port-unreachable'],
  ['reject with a reset', forward(`${C} ip protocol tcp reject with tcp reset`), POD, 'rejected tcp-reset'],
  [
    'a mark stays though the rule breaks off behind it',
    forward(`${C} meta mark set 0x00000001 tcp dport 99 accept`, 'meta mark 0x00000001 drop'),
    POD,
    'dropped',
  ],
];

const KEYS: readonly Row[] = [
  [
    'a map without an element breaks the rule off',
    forward(`${C} tcp dport vmap { 99 : accept } drop`),
    POD,
    PASSES,
  ],
  [
    'continue goes on within the rule',
    forward(`${C} tcp dport vmap { 8080 : continue } drop`),
    POD,
    'dropped',
  ],
  [
    'a map of networks',
    `map m { type ipv4_addr : verdict\nflags interval\nelements = { 10.1.0.0/16 : accept, 10.0.1.0-10.0.1.127 : drop }\n}\n${forward(`${C} ip daddr vmap @m`)}`,
    POD,
    'dropped',
  ],
  [
    'a map of concatenations with intervals',
    `map m { type ipv4_addr . inet_proto . inet_service : verdict\nflags interval\nelements = { 10.0.1.0/24 . tcp . 8000-8090 : jump a }\n}\n${chain('a', 'drop')}${forward(`${C} ip daddr . meta l4proto . th dport vmap @m`)}`,
    POD,
    'dropped',
  ],
  [
    'such a map has not every port',
    `map m { type ipv4_addr . inet_proto . inet_service : verdict\nflags interval\nelements = { 10.0.1.0/24 . tcp . 8000-8079 : drop }\n}\n${forward(`${C} ip daddr . meta l4proto . th dport vmap @m`)}`,
    POD,
    PASSES,
  ],
  [
    '* is for all others',
    `map m { type ipv4_addr : verdict\nelements = { 10.0.1.2 : accept, * : drop }\n}\n${forward(`${C} ip daddr vmap @m`)}`,
    POD,
    'dropped',
  ],
  [
    'a set that does not have it',
    `set s { type ipv4_addr\nelements = { 10.0.1.2 }\n}\n${forward(`${C} ip daddr != @s drop`)}`,
    POD,
    'dropped',
  ],
  ['a set of ports', forward(`${C} tcp dport { 80, 8000-8090 } drop`), POD, 'dropped'],
  ['not in a set of networks', forward(`${C} ip daddr != { 10.0.0.0/8, 192.168.0.0/16 } drop`), POD, PASSES],
  [
    'a port of TCP is none of UDP, nor unequal to it',
    forward(`${C} tcp dport != 8080 drop`),
    UDP_POD,
    '10.0.1.1:8081',
  ],
  ['th is of both', forward(`${C} th dport 8081 drop`), UDP_POD, 'dropped'],
  ['less', forward(`${C} tcp dport < 8080 drop`), POD, PASSES],
  ['at least', forward(`${C} tcp dport >= 8080 drop`), POD, 'dropped'],
  [
    'bits of a mark',
    forward(
      `${C} meta mark set meta mark | 0x00004000`,
      'meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00006000',
      'meta mark 0x00002000 drop',
    ),
    POD,
    'dropped',
  ],
  ['devices by their beginning', forward(`iifname "cl*" oifname "pod1" drop`), POD, 'dropped'],
  ['another device', forward(`${C} iifname "client" oifname != "pod1" drop`), POD, PASSES],
  [
    'no device in output',
    base('out', 'output', 'filter', ['iifname != "lo" ip daddr 10.0.1.1 drop']),
    { ...FROM_NODE, ...TO_POD },
    'dropped',
  ],
  [
    'a drawn number with an offset',
    forward(`${C} numgen random mod 1 offset 5 vmap { 5 : drop }`),
    POD,
    'dropped',
  ],
  [
    'fib: an address of the host',
    base('in', 'input', 'filter', [`${C} fib daddr type local tcp dport 7000 drop`]),
    NODE,
    'dropped',
  ],
  ['fib: none of the host', forward(`${C} fib daddr type local drop`), POD, PASSES],
  [
    'fib: a source elsewhere',
    base('in', 'input', 'filter', [`${C} fib saddr type local drop`]),
    NODE,
    '192.168.0.2:7000 local',
  ],
];

const SETS: readonly Row[] = [
  [
    'a dynamic set learns',
    `set s { type ipv4_addr\nsize 65535\nflags dynamic,timeout\ntimeout 1m\n}\n${base('pre', 'prerouting', 'mangle', [`${C} update @s { ip saddr }`])}${forward('ip saddr @s drop')}`,
    POD,
    'dropped',
  ],
  [
    'a dynamic set learns what is concatenated',
    `set s { type ipv4_addr . inet_service\nsize 65535\nflags dynamic\n}\n${base('pre', 'prerouting', 'mangle', [`${C} add @s { ip daddr . tcp dport }`])}${forward('ip daddr . tcp dport @s drop')}`,
    POD,
    'dropped',
  ],
  [
    'a dynamic set that has not learnt',
    `set s { type ipv4_addr\nsize 65535\nflags dynamic,timeout\ntimeout 1m\n}\n${forward('ip saddr @s drop')}`,
    POD,
    PASSES,
  ],
  [
    'a dynamic set that has it from the start',
    `set s { type ipv4_addr\nsize 65535\nflags dynamic\nelements = { 203.0.113.2 }\n}\n${forward('ip saddr @s drop')}`,
    POD,
    'dropped',
  ],
];

const CONNECTIONS: readonly Row[] = [
  [
    'no connection is known yet at raw',
    base('pre', 'prerouting', 'raw', [`${C} ct state new drop`]),
    POD,
    PASSES,
  ],
  [
    'which is the state invalid',
    base('pre', 'prerouting', 'raw', [`${C} ct state invalid drop`]),
    POD,
    'dropped',
  ],
  [
    'a connection is known at mangle',
    base('pre', 'prerouting', 'mangle', [`${C} ct state new drop`]),
    POD,
    'dropped',
  ],
  [
    'without a connection there is no status',
    base('pre', 'prerouting', 'raw', [`${C} ct direction original drop`]),
    POD,
    PASSES,
  ],
  [
    'untracked packets are not translated',
    `${base('raw', 'prerouting', 'raw', [`${C} notrack`])}${dnat('10.0.1.2')}`,
    POD,
    PASSES,
  ],
  [
    'ct status dnat',
    `${dnat('10.0.1.1:8080', `${C} ip protocol tcp`)}${forward(`${C} ct status dnat drop`)}`,
    VIP,
    'dropped',
  ],
  [
    'ct status dnat before it',
    `${base('early', 'prerouting', 'mangle', [`${C} ct state new ct status dnat drop`])}${dnat('10.0.1.1:8080', `${C} ip protocol tcp`)}`,
    VIP,
    PASSES,
  ],
  [
    'dnat to the same place is none',
    `${dnat('10.0.1.1:8080', `${C} ip protocol tcp`)}${forward(`${C} ct status dnat drop`)}`,
    POD,
    PASSES,
  ],
  [
    'the original destination',
    `${dnat('10.0.1.1:8080', `${C} ip protocol tcp`)}${forward(`${C} ct original ip daddr 172.30.9.9 drop`)}`,
    VIP,
    'dropped',
  ],
];

const TRANSLATIONS: readonly Row[] = [
  ['dnat to an address keeps the port', dnat('10.0.1.2'), POD, '10.0.1.2:8080'],
  [
    'dnat to a port keeps the address',
    dnat(':7000', `${C} ip protocol tcp`),
    { ...NODE, destinationPort: 81 },
    '192.168.0.2:7000 local',
  ],
  [
    'dnat to the host goes to input',
    `${dnat('192.168.0.2:7000', `${C} ip protocol tcp`)}${forward(`${C} drop`)}`,
    POD,
    '192.168.0.2:7000 local',
  ],
  [
    'chains of type nat by their priorities, the first translation counts',
    `${dnat('10.0.1.1')}${base('earlier', 'prerouting', '-110', [`${C} dnat to 10.0.1.2`], 'nat')}`,
    POD,
    '10.0.1.2:8080',
  ],
  [
    'accept in one chain of type nat leaves the others',
    `${base('earlier', 'prerouting', '-110', [`${C} accept`], 'nat')}${dnat('10.0.1.2')}`,
    POD,
    '10.0.1.2:8080',
  ],
  [
    'drop in a chain of type nat',
    `${forward('ct state established accept')}${base('pre', 'prerouting', 'dstnat', [`${C} drop`], 'nat')}`,
    POD,
    'dropped',
  ],
  [
    'translation comes at -100 whatever the priority of its chain',
    `${base('late', 'prerouting', '-50', [`${C} dnat to 10.0.1.2`], 'nat')}${base('between', 'prerouting', '-75', ['ip daddr 10.0.1.2 ip saddr 203.0.113.2 drop'])}`,
    POD,
    'dropped',
  ],
  [
    'snat',
    base('post', 'postrouting', 'srcnat', [`${C} snat to 10.0.1.254`], 'nat'),
    POD,
    '10.0.1.1:8080 snat 10.0.1.254',
  ],
  [
    'snat at input',
    base('in', 'input', '100', [`${C} snat to 203.0.113.130`], 'nat'),
    NODE,
    '192.168.0.2:7000 local snat 203.0.113.130',
  ],
  [
    'masquerade ends the chain',
    base('post', 'postrouting', 'srcnat', [`${C} masquerade fully-random`, `${C} drop`], 'nat'),
    POD,
    '10.0.1.1:8080 masquerade',
  ],
  [
    'redirect of what the host sends',
    base('out', 'output', '-100', ['ip daddr 172.30.9.9 ip protocol tcp redirect to :7001'], 'nat'),
    NODE_VIP,
    '127.0.0.1:7001 local',
  ],
  [
    'nat is asked once of what the host sends to itself',
    `${base('out', 'output', '-100', ['ip daddr 172.30.9.9 ip protocol tcp dnat to 192.168.0.2:7000'], 'nat')}${base('pre', 'prerouting', 'dstnat', ['ip protocol tcp dnat to 10.0.1.1:8080'], 'nat')}`,
    NODE_VIP,
    '192.168.0.2:7000 local',
  ],
  [
    'a mark stays over lo, and the state new',
    `${base('out', 'output', 'mangle', ['ip daddr 172.30.9.9 meta mark set 0x00000001'])}${base('nat', 'output', '-100', ['ip daddr 172.30.9.9 ip protocol tcp dnat to 192.168.0.2:7000'], 'nat')}${base('in', 'input', 'filter', ['iif "lo" ct state new meta mark 0x00000001 reject'])}`,
    NODE_VIP,
    'rejected icmp-port-unreachable',
  ],
  [
    'raw sees the connection over lo',
    base('pre', 'prerouting', 'raw', ['iif "lo" tcp dport 7000 ct state new drop']),
    NODE_NODE,
    'dropped',
  ],
  [
    'output sees the device of before dnat',
    `${base('nat', 'output', '-100', ['ip daddr 172.30.9.9 ip protocol tcp dnat to 10.0.1.1:8080'], 'nat')}${base('out', 'output', 'filter', ['ip daddr 10.0.1.1 oifname "client" drop'])}`,
    NODE_VIP,
    'dropped',
  ],
  [
    'postrouting sees the device of behind dnat',
    `${base('nat', 'output', '-100', ['ip daddr 172.30.9.9 ip protocol tcp dnat to 10.0.1.1:8080'], 'nat')}${base('post', 'postrouting', 'mangle', ['oifname "pod1" ip daddr 10.0.1.1 drop'])}`,
    NODE_VIP,
    'dropped',
  ],
];

const INET_AND_OTHERS: readonly MechanicsCase[] = [
  {
    name: 'tables of inet are asked',
    ruleset: table(forward(`${C} drop`), 'inet'),
    packet: POD,
    expected: 'dropped',
  },
  {
    name: 'reject in a table of inet',
    ruleset: table(forward(`${C} reject with icmpx port-unreachable`), 'inet'),
    packet: POD,
    expected: 'rejected icmp-port-unreachable',
  },
  {
    name: 'addresses of IPv6 are none of IPv4, nor unequal to it',
    ruleset: table(forward('ip6 saddr != fd00::1 drop'), 'inet'),
    packet: POD,
    expected: PASSES,
  },
  {
    name: 'meta nfproto',
    ruleset: table(forward(`meta nfproto ipv4 ${C} drop`), 'inet'),
    packet: POD,
    expected: 'dropped',
  },
  {
    name: 'dnat in a table of inet',
    ruleset: table(
      base('pre', 'prerouting', 'dstnat', [`${C} ip protocol tcp dnat ip to 10.0.1.2:8080`], 'nat'),
      'inet',
    ),
    packet: VIP,
    expected: '10.0.1.2:8080',
  },
  {
    name: 'tables of ip6 are not asked',
    ruleset: table(forward('drop'), 'ip6'),
    packet: POD,
    expected: PASSES,
  },
  {
    name: 'two tables, by their priorities',
    ruleset: `${table(forward(`${C} reject`), 'ip', 'a')}${table(base('fwd', 'forward', '-10', [`${C} drop`]), 'ip', 'b')}`,
    packet: POD,
    expected: 'dropped',
  },
  {
    name: 'a dormant table sleeps',
    ruleset: table(`flags dormant\n${forward(`${C} drop`)}`),
    packet: POD,
    expected: PASSES,
  },
];

export const MECHANICS: readonly MechanicsCase[] = [
  ...[...VERDICTS, ...KEYS, ...SETS, ...CONNECTIONS, ...TRANSLATIONS].map(
    ([name, body, packet, expected]): MechanicsCase => ({ name, ruleset: table(body), packet, expected }),
  ),
  ...INET_AND_OTHERS,
];
