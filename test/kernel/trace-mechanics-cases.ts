/**
 * Rules that kube-proxy does not write, each with a packet that shows what the kernel makes of them, on the network of
 * `trace-network.ts`.
 */
import type { Packet } from '../../src/trace/packet.ts';
import type { Flow } from './trace-judge.ts';

const POD = { destination: '10.0.1.1', destinationPort: 8080 } as const;
export const VIP = { destination: '172.30.9.9', destinationPort: 80 } as const;
const NODE = { destination: '192.168.0.2', destinationPort: 7000 } as const;
/** Only what the client begins: rules without a state see answers as well. */
const CLIENT = '-s 203.0.113.2/32';
const TO_POD = `-p tcp -j DNAT --to-destination 10.0.1.1:8080`;
/** Lists outlive the rules of a case. */
const recent = (list: string) => `--name ${list} --mask 255.255.255.255 --rsource`;

export function fromClient(packet: Pick<Packet, 'destination' | 'destinationPort'>): Flow {
  const arrival = { kind: 'device', name: 'client' } as const;
  const client = { protocol: 'tcp', source: '203.0.113.2', arrival } as const;
  return { service: '', place: 'client', family: 'ipv4', packet: { ...client, ...packet } };
}

function fromNode(packet: Pick<Packet, 'destination' | 'destinationPort'>): Flow {
  const node = { protocol: 'tcp', source: '192.168.0.2', arrival: { kind: 'host' } } as const;
  return { service: '', place: 'node', family: 'ipv4', packet: { ...node, ...packet } };
}

/** Rules by table, a packet, and what the tracer says of it, so that a test cannot pass for another reason. */
export const CASES: readonly (readonly [string, Readonly<Record<string, string>>, Flow, string])[] = [
  [
    'goto does not come back',
    { filter: `-A FORWARD ${CLIENT} -g A\n-A FORWARD ${CLIENT} -j DROP\n-A A -p udp -j DROP` },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'goto within a chain returns to its caller',
    {
      filter: `-A FORWARD ${CLIENT} -j A\n-A FORWARD ${CLIENT} -j DROP\n-A A -g B\n-A A -j ACCEPT\n-A B -p udp -j DROP`,
    },
    fromClient(POD),
    'dropped',
  ],
  [
    'RETURN in a built-in chain is the policy',
    { filter: `:FORWARD DROP [0:0]\n-A FORWARD ${CLIENT} -j RETURN\n-A FORWARD -j ACCEPT` },
    fromClient(POD),
    'dropped',
  ],
  [
    'ACCEPT ends one table only',
    { mangle: `-A FORWARD ${CLIENT} -j ACCEPT`, filter: `-A FORWARD ${CLIENT} -j REJECT` },
    fromClient(POD),
    'rejected icmp-port-unreachable',
  ],
  [
    'REJECT with a reset',
    { filter: `-A FORWARD ${CLIENT} -p tcp -j REJECT --reject-with tcp-reset` },
    fromClient(POD),
    'rejected tcp-reset',
  ],
  [
    'filter OUTPUT sees the device of before DNAT',
    { nat: `-A OUTPUT -d 172.30.9.9/32 ${TO_POD}`, filter: '-A OUTPUT -d 10.0.1.1/32 -o client -j DROP' },
    fromNode(VIP),
    'dropped',
  ],
  [
    'filter OUTPUT does not see the device of behind DNAT',
    { nat: `-A OUTPUT -d 172.30.9.9/32 ${TO_POD}`, filter: '-A OUTPUT -d 10.0.1.1/32 -o pod1 -j DROP' },
    fromNode(VIP),
    '10.0.1.1:8080',
  ],
  [
    'POSTROUTING sees the device of behind DNAT',
    { nat: `-A OUTPUT -d 172.30.9.9/32 ${TO_POD}`, mangle: '-A POSTROUTING -o pod1 -j DROP' },
    fromNode(VIP),
    'dropped',
  ],
  [
    'nat is asked once of what the host sends to itself',
    {
      nat: '-A OUTPUT -d 172.30.9.9/32 -p tcp -j DNAT --to-destination 192.168.0.2:7000\n-A PREROUTING -p tcp -j DNAT --to-destination 10.0.1.1:8080\n-A INPUT -j SNAT --to-source 1.1.1.1',
    },
    fromNode(VIP),
    '192.168.0.2:7000 local',
  ],
  [
    'a mark stays over lo, and the state NEW',
    {
      nat: '-A OUTPUT -d 172.30.9.9/32 -p tcp -j DNAT --to-destination 192.168.0.2:7000',
      mangle: '-A OUTPUT -d 172.30.9.9/32 -j MARK --set-xmark 0x1/0x1',
      filter: '-A INPUT -i lo -m conntrack --ctstate NEW -m mark --mark 0x1 -j REJECT',
    },
    fromNode(VIP),
    'rejected icmp-port-unreachable',
  ],
  [
    'raw sees the connection over lo',
    { raw: '-A PREROUTING -i lo -p tcp -m tcp --dport 7000 -m conntrack --ctstate NEW -j DROP' },
    fromNode(NODE),
    'dropped',
  ],
  [
    'masqueraded over lo, the source is local',
    {
      nat: '-A OUTPUT -d 172.30.9.9/32 -p tcp -j DNAT --to-destination 192.168.0.2:7000\n-A POSTROUTING -j MASQUERADE',
      filter: '-A INPUT -p tcp -m tcp --dport 7000 -m addrtype ! --src-type LOCAL -j DROP',
    },
    fromNode(VIP),
    '192.168.0.2:7000 local masquerade',
  ],
  [
    'what comes for the host passes no POSTROUTING',
    { mangle: `-A POSTROUTING ${CLIENT} -j DROP\n-A FORWARD ${CLIENT} -j DROP` },
    fromClient(NODE),
    '192.168.0.2:7000 local',
  ],
  [
    'DNAT to the host goes to INPUT',
    {
      nat: '-A PREROUTING -d 10.0.1.1/32 -p tcp -j DNAT --to-destination 192.168.0.2:7000',
      filter: `-A FORWARD ${CLIENT} -j DROP`,
    },
    fromClient(POD),
    '192.168.0.2:7000 local',
  ],
  [
    'nat INPUT translates the source',
    { nat: `-A INPUT ${CLIENT} -j SNAT --to-source 203.0.113.130` },
    fromClient(NODE),
    '192.168.0.2:7000 local snat 203.0.113.130',
  ],
  [
    'SNAT',
    { nat: `-A POSTROUTING ${CLIENT} -j SNAT --to-source 10.0.1.254` },
    fromClient(POD),
    '10.0.1.1:8080 snat 10.0.1.254',
  ],
  [
    'DNAT is a state',
    {
      nat: `-A PREROUTING -d 172.30.9.9/32 ${TO_POD}`,
      filter: `-A FORWARD ${CLIENT} -m conntrack --ctstate DNAT -j DROP`,
    },
    fromClient(VIP),
    'dropped',
  ],
  [
    'DNAT to the same place is none',
    {
      nat: `-A PREROUTING ${CLIENT} ${TO_POD}`,
      filter: `-A FORWARD ${CLIENT} -m conntrack --ctstate DNAT -j DROP`,
    },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'DNAT to an address keeps the port',
    { nat: `-A PREROUTING ${CLIENT} -j DNAT --to-destination 10.0.1.2` },
    fromClient(POD),
    '10.0.1.2:8080',
  ],
  [
    'DNAT to a port keeps the address',
    { nat: `-A PREROUTING ${CLIENT} -p tcp -j DNAT --to-destination :7000` },
    fromClient({ ...NODE, destinationPort: 81 }),
    '192.168.0.2:7000 local',
  ],
  [
    'the first DNAT counts',
    {
      nat: `-A PREROUTING ${CLIENT} -j DNAT --to-destination 10.0.1.2\n-A PREROUTING ${CLIENT} -j DNAT --to-destination 10.0.1.1`,
    },
    fromClient(POD),
    '10.0.1.2:8080',
  ],
  [
    'untracked packets are not translated',
    {
      raw: `-A PREROUTING ${CLIENT} -j CT --notrack`,
      nat: `-A PREROUTING ${CLIENT} -j DNAT --to-destination 10.0.1.2`,
    },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'raw knows no connection yet',
    { raw: `-A PREROUTING ${CLIENT} -m conntrack --ctstate NEW -j DROP` },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'which is the state INVALID',
    { raw: `-A PREROUTING ${CLIENT} -m conntrack --ctstate INVALID -j DROP` },
    fromClient(POD),
    'dropped',
  ],
  [
    'a mark outside of its mask never matches',
    {
      mangle: `-A FORWARD ${CLIENT} -j MARK --set-xmark 0x3/0xffffffff`,
      filter: `-A FORWARD ${CLIENT} -m mark --mark 0x3/0x1 -j DROP`,
    },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'MARK clears, then flips',
    {
      mangle: `-A FORWARD ${CLIENT} -j MARK --set-xmark 0x7/0xffffffff\n-A FORWARD ${CLIENT} -j MARK --set-xmark 0x5/0x1`,
      filter: `-A FORWARD ${CLIENT} -m mark --mark 0x3/0xff -j DROP`,
    },
    fromClient(POD),
    'dropped',
  ],
  [
    'a list remembers though a later match says no',
    {
      filter: `-A FORWARD ${CLIENT} -m recent --set ${recent('L1')} -m mark --mark 0x9 -j ACCEPT\n-A FORWARD ${CLIENT} -m recent --rcheck ${recent('L1')} -j DROP`,
    },
    fromClient(POD),
    'dropped',
  ],
  [
    'a list does not where an earlier one did',
    {
      filter: `-A FORWARD ${CLIENT} -m mark --mark 0x9 -m recent --set ${recent('L2')} -j ACCEPT\n-A FORWARD ${CLIENT} -m recent --rcheck ${recent('L2')} -j DROP`,
    },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'a list forgets',
    {
      filter: `-A FORWARD ${CLIENT} -m recent --set ${recent('L3')}\n-A FORWARD ${CLIENT} -m recent --remove ${recent('L3')}\n-A FORWARD ${CLIENT} -m recent --rcheck ${recent('L3')} -j DROP`,
    },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  [
    'multiport, negated',
    { filter: `-A FORWARD ${CLIENT} -p tcp -m multiport ! --dports 22,8000:8090 -j DROP` },
    fromClient(POD),
    '10.0.1.1:8080',
  ],
  ['devices by prefix', { filter: '-A FORWARD -i cli+ -o pod+ -j DROP' }, fromClient(POD), 'dropped'],
  [
    'no device is not a prefix of one',
    { nat: '-A OUTPUT -j A\n-A A -d 172.30.9.9/32 ! -i eth+ -p tcp -j DNAT --to-destination 10.0.1.1:8080' },
    fromNode(VIP),
    '10.0.1.1:8080',
  ],
];
