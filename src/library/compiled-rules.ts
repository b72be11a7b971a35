/** Rules as they are followed and compared. In: what was compiled for a node. Out: the same, read as a host would show it. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { CompiledNode } from '../backends/backend.ts';
import { parseBoundAddresses } from '../backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../backends/ipvs/parse-ipset.ts';
import { parseSavedServers } from '../backends/ipvs/parse-ipvsadm.ts';
import { parseListed } from '../backends/nftables/parse-listed.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { DUMMY_DEVICE, iptablesRules, type NodeRules } from '../trace/node-rules.ts';

/** Through whose rules packets can be followed. */
export const FOLLOWED_MODES = ['iptables', 'ipvs', 'nftables'] as const satisfies readonly ProxyMode[];

export type FollowedMode = (typeof FOLLOWED_MODES)[number];

export function isFollowed(mode: ProxyMode): mode is FollowedMode {
  return FOLLOWED_MODES.some((followed) => followed === mode);
}

/** @throws OperationalError for a mode whose rules cannot be followed. */
export function followedMode(mode: ProxyMode): FollowedMode {
  if (isFollowed(mode)) return mode;
  throw new OperationalError(
    `packets cannot be followed through rules of mode ${mode}, only of ${FOLLOWED_MODES.join(', ')}`,
  );
}

/** @throws OperationalError for a mode whose rules cannot be followed. */
export function compiledRules({ mode, artifacts }: CompiledNode, family: IPFamily): NodeRules {
  const followed = followedMode(mode);
  const textOf = (name: string): string => {
    const artifact = artifacts.find((candidate) => candidate.name === name);
    return [...(artifact?.text() ?? [])].join('');
  };
  const iptables = () => iptablesRules(textOf(family === 'IPv4' ? 'iptables.save' : 'ip6tables.save'));
  switch (followed) {
    case 'iptables':
      return iptables();
    case 'nftables':
      return { kind: 'nftables', listed: parseListed(textOf(family === 'IPv4' ? 'ip.list' : 'ip6.list')) };
    case 'ipvs':
      return {
        kind: 'ipvs',
        iptables: iptables(),
        servers: parseSavedServers(textOf('ipvsadm.save')),
        sets: parseIPSets(textOf('ipset.save')),
        bound: parseBoundAddresses(textOf('addresses'), DUMMY_DEVICE),
      };
    default:
      return followed satisfies never;
  }
}
