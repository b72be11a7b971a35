/**
 * Prints a rule as kube-proxy hands it to iptables-restore. The order of arguments is kube-proxy's: matches first, the
 * destination between a protocol's match and its port, sources and interfaces last, but before conntrack, nfacct and ipvs.
 */

import type { Match, Rule, Target, TransportProtocol } from './iptables-rule.ts';
import { formatProbability } from './probability.ts';

/** The text after the chain's name, with a leading blank. */
export function printProxyRule({
  source,
  destination,
  inInterface,
  protocol,
  matches,
  target,
}: Rule): string {
  // Where no port is matched, the protocol stands alone, and first.
  let text =
    protocol === undefined || matches.some(({ kind }) => kind === 'transport') ? '' : ` -p ${protocol}`;
  let to =
    destination === undefined ? '' : selector(' -d ', ' ! -d ', destination.negated) + destination.address;
  let from = source === undefined ? '' : selector(' -s ', ' ! -s ', source.negated) + source.address;
  if (inInterface !== undefined) from += selector(' -i ', ' ! -i ', inInterface.negated) + inInterface.name;
  for (let i = 0; i < matches.length; i++) {
    const match = matches[i] as Match;
    if (match.kind === 'transport') {
      text += TRANSPORT[match.protocol] + to;
      to = '';
      if (match.destinationPort !== undefined) text += ` --dport ${match.destinationPort}`;
      continue;
    }
    if (match.kind === 'conntrack' || match.kind === 'nfacct' || match.kind === 'ipvs') {
      text += to + from;
      to = '';
      from = '';
    }
    text += printMatch(match);
  }
  text += to + from;
  return target === undefined ? text : text + printTarget(target);
}

const TRANSPORT: Readonly<Record<TransportProtocol, string>> = {
  tcp: ' -m tcp -p tcp',
  udp: ' -m udp -p udp',
  sctp: ' -m sctp -p sctp',
};

function selector(flag: string, negatedFlag: string, negated: boolean | undefined): string {
  return negated ? negatedFlag : flag;
}

function printMatch(match: Exclude<Match, { kind: 'transport' }>): string {
  const not = 'negated' in match && match.negated ? '! ' : '';
  switch (match.kind) {
    case 'comment':
      return ` -m comment --comment ${match.text.includes(' ') ? `"${match.text}"` : match.text}`;
    case 'addrtype':
      return ` -m addrtype ${not}--${match.side === 'source' ? 'src' : 'dst'}-type LOCAL`;
    case 'conntrack':
      return ` -m conntrack ${not}--ctstate ${match.states.join(',')}`;
    case 'state':
      return ` -m state --state ${match.states.join(',')}`;
    case 'mark':
      return ` -m mark ${not}--mark ${hex(match.mark)}/${hex(match.mark)}`;
    case 'statistic':
      return ` -m statistic --mode random --probability ${formatProbability(match.oneIn, match.digits)}`;
    case 'recent-check':
      return ` -m recent --name ${match.list} --rcheck --seconds ${match.seconds} --reap`;
    case 'recent-set':
      return ` -m recent --name ${match.list} --set`;
    case 'nfacct':
      return ` -m nfacct --nfacct-name ${match.counter}`;
    case 'physdev-is-in':
      return ` -m physdev ${not}--physdev-is-in`;
    case 'set':
      return ` -m set --match-set ${match.set} ${match.dimensions.join(',')}`;
    case 'ipvs':
      return ` -m ipvs --vaddr ${match.address} --vproto ${match.protocol} --vport ${match.port}`;
  }
}

function printTarget(target: Target): string {
  switch (target.kind) {
    case 'jump':
      return ` -j ${target.chain}`;
    case 'accept':
      return ' -j ACCEPT';
    case 'drop':
      return ' -j DROP';
    case 'return':
      return ' -j RETURN';
    case 'reject':
      return ' -j REJECT';
    case 'dnat':
      return ` -j DNAT --to-destination ${target.to}`;
    case 'redirect':
      return ` -j REDIRECT --to-ports ${target.toPort}`;
    case 'masquerade':
      return target.randomFully ? ' -j MASQUERADE --random-fully' : ' -j MASQUERADE';
    case 'mark':
      return target.operation === 'set'
        ? ` -j MARK --set-xmark ${hex(target.mark)}/${hex(target.mark)}`
        : ` -j MARK --${target.operation}-mark ${hex(target.mark)}`;
  }
}

/** Eight digits, as Go's `%#08x`. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
