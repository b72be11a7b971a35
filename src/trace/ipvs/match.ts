/**
 * The match of iptables for packets of IPVS. In: its options as printed, and a packet. Out: whether it matches. Mirrors
 * `xt_ipvs` of Linux.
 */
import { equalIPs, parseIP } from '../../shared/ip.ts';
import type { Packet } from '../packet.ts';
import type { State } from '../state.ts';
import { type Truth, unknown } from '../truth.ts';

const PROTOCOLS: ReadonlyMap<string, Packet['protocol']> = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['132', 'sctp'],
]);

/** `--vproto 6 --vaddr 192.0.2.10 --vport 443`, as kube-proxy writes it: where the packet was going before. */
export function testBalanced(text: string, { protocol }: Packet, { virtual }: State): Truth {
  const options =
    /^ ?(?:--vproto (?<number>\d+) ?)?(?:--vaddr (?<address>[0-9a-f.:]+)(?:\/(?:32|128))? ?)?(?:--vport (?<port>\d+) ?)?$/.exec(
      text,
    )?.groups;
  if (options === undefined || text.trim() === '') return unknown('the match ipvs is not understood');
  if (virtual === undefined) return false;
  const { number, address, port } = options;
  const asked = address === undefined ? virtual.destination : parseIP(address);
  if (asked === undefined) return unknown('the match ipvs is not understood');
  return (
    (number === undefined || PROTOCOLS.get(number) === protocol) &&
    equalIPs(asked, virtual.destination) &&
    (port === undefined || Number(port) === virtual.port)
  );
}
