/** What other modes have left on a host. In: what was read there, and the mode that should be. Out: leftovers. */
import { parseSaved } from '../backends/iptables/parse.ts';
import { parseBoundAddresses, parseIPAddresses } from '../backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../backends/ipvs/parse-ipset.ts';
import { parseListedServers, parseSavedServers } from '../backends/ipvs/parse-ipvsadm.ts';
import { parseListedJSON } from '../backends/nftables/parse-json.ts';
import { parseListed } from '../backends/nftables/parse-listed.ts';
import { type HostRemains, type Leftover, leftovers, mayBeLeft } from '../diff/leftovers.ts';
import type { HostState, HostText } from '../host/host-state.ts';
import type { ReadToolsOptions } from '../host/read-tools.ts';
import type { FollowedMode } from '../library/compiled-rules.ts';
import { DUMMY_DEVICE } from '../trace/node-rules.ts';

/** What shows it at little cost; of nftables the names of tables are enough. */
export const OTHER_TOOLS: Readonly<Record<FollowedMode, NonNullable<ReadToolsOptions['others']>>> = {
  iptables: ['ipvsadm-save', 'ipset-save', 'ip-addr', 'nft-tables'],
  ipvs: ['nft-tables'],
  nftables: ['iptables-save', 'ipvsadm-save', 'ipset-save', 'ip-addr'],
};

export function leftoversOf({ texts, otherModes = [] }: HostState, mode: FollowedMode): readonly Leftover[] {
  return leftovers(mode, remainsOf([...texts, ...otherModes], mode));
}

/** What belongs to the mode itself need not be read again. */
function remainsOf(texts: readonly HostText[], mode: FollowedMode): HostRemains {
  const ipvs = mode === 'ipvs' ? [] : texts;
  return {
    iptables: texts.flatMap(({ tool, family, text, command, beside }) =>
      tool === 'iptables-save' &&
      family !== undefined &&
      isWorthReading(text, beside === undefined ? mode : 'nftables')
        ? [{ family, dump: parseSaved(text), command, beside }]
        : [],
    ),
    servers: ipvs.flatMap(({ tool, text }) => {
      if (tool === 'ipvsadm-save') return parseSavedServers(text).servers;
      return tool === 'ipvsadm-list' ? parseListedServers(text).servers : [];
    }),
    bound: ipvs.flatMap(({ tool, text }) => {
      if (tool === 'ip-addr') return parseIPAddresses(text).addresses;
      return tool === 'addresses' ? parseBoundAddresses(text, DUMMY_DEVICE).addresses : [];
    }),
    sets: ipvs.flatMap(({ tool, text }) =>
      tool === 'ipset-save' ? parseIPSets(text).sets.map(({ name }) => name) : [],
    ),
    tables: texts.flatMap(tablesOf),
  };
}

/** Rules of a big cluster take a while to read. */
function isWorthReading(text: string, mode: FollowedMode): boolean {
  for (const [, chain = ''] of text.matchAll(/^:(KUBE-\S+) /gm)) if (mayBeLeft(mode, chain)) return true;
  return false;
}

function tablesOf({ tool, text }: HostText): HostRemains['tables'] {
  switch (tool) {
    case 'nft-text':
      return parseListed(text).tables;
    case 'nft-json':
      return parseListedJSON(text).tables;
    case 'nft-tables':
      return [...text.matchAll(/^table (ip6?) (kube-proxy)$/gm)].map(([, family, name]) => ({
        family: family as 'ip' | 'ip6',
        name: name as string,
        chains: [],
      }));
    default:
      return [];
  }
}
