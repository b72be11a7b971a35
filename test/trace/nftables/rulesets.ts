/** Shorthand for tests of the tracer of nftables. In: what nft lists. Out: outcomes as short texts, with their shares. */
import { parseListed } from '../../../src/backends/nftables/parse-listed.ts';
import { formatFraction } from '../../../src/trace/fraction.ts';
import { type PreparedListed, prepareListed } from '../../../src/trace/nftables/prepare.ts';
import { traceListed } from '../../../src/trace/nftables/trace.ts';
import type { Host, Packet } from '../../../src/trace/packet.ts';
import { LINKS, NODE_ADDRESSES } from '../../kernel/trace-network.ts';
import { expectWhole, formatVerdict } from '../rules.ts';

/** The node of test/kernel/trace-network.ts. */
export const NODE_HOST: Host = {
  addresses: NODE_ADDRESSES.ipv4,
  routes: [
    ...LINKS.flatMap(({ place, far }) =>
      far.ipv4.map((address) => ({ network: `${address}/32`, device: place })),
    ),
    { network: '0.0.0.0/0', device: 'client' },
  ],
};

export function prepareText(text: string, host: Host = NODE_HOST): PreparedListed {
  return prepareListed(parseListed(text), host);
}

/** The outcomes of a packet as texts: `1/2 10.0.0.5:8080 masquerade`. Checks that the shares sum to exactly 1. */
export function outcomes(rules: PreparedListed, packet: Packet): string[] {
  const found = traceListed(rules, packet);
  expectWhole(found);
  return found.map(({ fraction, verdict }) => {
    const share = formatFraction(fraction);
    return share === '1' ? formatVerdict(verdict) : `${share} ${formatVerdict(verdict)}`;
  });
}
