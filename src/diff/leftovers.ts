/**
 * What other modes have left on a host: kube-proxy does not clear it away where its mode is changed, and it can catch traffic. In:
 * the mode that should be there, and what a host shows of all. Out: what is left, with the commands that would remove it; nothing
 * here runs them.
 *
 * Mirrors `kube-proxy --cleanup`. Chains of kubelet's are its own: KUBE-KUBELET-CANARY, KUBE-IPTABLES-HINT, KUBE-FIREWALL and
 * KUBE-MARK-DROP, and where nothing else is there, KUBE-MARK-MASQ and KUBE-POSTROUTING.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { SavedDump } from '../backends/iptables/saved.ts';
import type { BoundAddress, ListedServer } from '../backends/ipvs/listed.ts';
import type { ListedTable } from '../backends/nftables/listed.ts';
import {
  listedChains,
  type NamedChain,
  removalByNft,
  removalByRestore,
  savedChains,
} from './leftover-chains.ts';
import { shellWord } from './shell-word.ts';
import { plural } from './wording.ts';

export type LeftoverMode = 'iptables' | 'ipvs' | 'nftables';

export interface Leftover {
  /** That has left it. */
  readonly mode: LeftoverMode;
  /** For people, such as `table ip kube-proxy`. */
  readonly what: string;
  /** For a shell, to be run in this order; words of the host are quoted. */
  readonly commands: readonly string[];
}

/** What is known of a host besides the rules of its mode. What was not read is empty. */
export interface HostRemains {
  readonly iptables: readonly SavedIptables[];
  readonly servers: readonly ListedServer[];
  readonly bound: readonly BoundAddress[];
  /** Names. */
  readonly sets: readonly string[];
  /** Tables of nftables; those of which only the names are known have no chains. */
  readonly tables: readonly Pick<ListedTable, 'family' | 'name' | 'chains'>[];
}

export interface SavedIptables {
  readonly family: IPFamily;
  readonly dump: SavedDump;
  /** What printed it, such as `ip6tables-legacy-save`, where that is known. */
  readonly command?: string | undefined;
  /** Where iptables has two places for rules and kube-proxy uses the other one: which one this is. */
  readonly beside?: 'nft' | 'legacy' | undefined;
}

/** In this order they can be removed: rules refer to sets. */
export function leftovers(mode: LeftoverMode, remains: HostRemains): readonly Leftover[] {
  const { iptables, tables } = remains;
  const found = iptables.flatMap((saved) => chainsLeft(mode, saved));
  const known = new Set(iptables.filter(({ beside }) => beside === undefined).map(({ family }) => family));
  for (const family of ['IPv4', 'IPv6'] as const) {
    if (!known.has(family)) found.push(...listedChainsLeft(mode, family, tables));
  }
  return [
    ...found,
    ...(mode === 'ipvs' ? [] : ofIpvs(remains)),
    ...(mode === 'nftables' ? [] : tables.filter(isOwnTable).map(tableLeft)),
  ];
}

function isOwnTable({ family, name }: Pick<ListedTable, 'family' | 'name'>): boolean {
  return name === 'kube-proxy' && (family === 'ip' || family === 'ip6');
}

function tableLeft({ family, name }: Pick<ListedTable, 'family' | 'name'>): Leftover {
  const table = `${family} ${name}`;
  return { mode: 'nftables', what: `table ${table}`, commands: [`nft delete table ${table}`] };
}

/** Only in mode iptables. */
const OF_IPTABLES = /^KUBE-((SVC|SVL|EXT|FW|XLB|SEP)-[A-Z2-7]{16}|NODEPORTS|EXTERNAL-SERVICES|PROXY-CANARY)$/;
const OF_IPVS = /^KUBE-(LOAD-BALANCER|NODE-PORT|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER)$/;
const OF_BOTH = /^KUBE-(SERVICES|FORWARD|PROXY-FIREWALL)$/;
/** Kubelet had the same up to 1.27. */
const ALSO_KUBELETS = /^KUBE-(MARK-MASQ|POSTROUTING)$/;

/** Whether a dump that declares a chain of the name is worth reading for leftovers. */
export function mayBeLeft(mode: LeftoverMode, chain: string): boolean {
  switch (mode) {
    case 'iptables':
      return OF_IPVS.test(chain);
    case 'ipvs':
      return OF_IPTABLES.test(chain) || chain === 'KUBE-SERVICES';
    case 'nftables':
      return chain.startsWith('KUBE-');
    default:
      return mode satisfies never;
  }
}

function isOfIptables({ table, name }: NamedChain): boolean {
  return OF_IPTABLES.test(name) || (table === 'filter' && name === 'KUBE-SERVICES');
}

/** The chains that are not of the mode, and the mode that had them. */
function chainsToRemove(
  mode: LeftoverMode,
  chains: readonly NamedChain[],
): { readonly of: LeftoverMode; readonly remove: readonly NamedChain[] } {
  const ofIptables = chains.filter(isOfIptables);
  const ofIpvs = chains.filter(({ name }) => OF_IPVS.test(name));
  if (mode === 'iptables') return { of: 'ipvs', remove: ofIpvs };
  if (mode === 'ipvs') return { of: 'iptables', remove: ofIptables };
  const of = ofIptables.length === 0 && ofIpvs.length > 0 ? 'ipvs' : 'iptables';
  const certain = chains.filter(
    (chain) => isOfIptables(chain) || OF_IPVS.test(chain.name) || OF_BOTH.test(chain.name),
  );
  if (certain.length === 0) return { of, remove: [] };
  return { of, remove: [...certain, ...chains.filter(({ name }) => ALSO_KUBELETS.test(name))] };
}

function chainsLeft(
  mode: LeftoverMode,
  { family, dump, command, beside }: SavedIptables,
): readonly Leftover[] {
  const chains = savedChains(dump);
  // Where kube-proxy uses the other place, it has nothing to do with this one.
  const { of, remove } = chainsToRemove(beside === undefined ? mode : 'nftables', chains);
  if (remove.length === 0) return [];
  const place = beside === undefined ? '' : ` of iptables-${beside}`;
  const save = command ?? `${family === 'IPv4' ? 'iptables' : 'ip6tables'}-save`;
  const restore = shellWord(save.replace(/-save$/, '-restore'));
  const { commands, jumps } = removalByRestore(restore, chains, remove);
  return [{ mode: of, what: whatOf(remove, jumps, `${place}, ${family}`), commands }];
}

/** Rules of iptables-nft, as `nft list ruleset` shows them. */
function listedChainsLeft(
  mode: LeftoverMode,
  family: IPFamily,
  tables: HostRemains['tables'],
): readonly Leftover[] {
  const word = family === 'IPv4' ? 'ip' : 'ip6';
  const chains = listedChains(tables.filter((table) => table.family === word && !isOwnTable(table)));
  const { of, remove } = chainsToRemove(mode, chains);
  if (remove.length === 0) return [];
  const { commands, jumps } = removalByNft(word, chains, remove);
  return [{ mode: of, what: whatOf(remove, jumps, `, ${family}`), commands }];
}

function whatOf(chains: readonly NamedChain[], jumps: number, where: string): string {
  const count = chains.length === 1 ? '1 chain' : `${chains.length} chains`;
  return `${count}${where}${jumps === 0 ? '' : `, to which ${plural(jumps, 'rule')} leading`}`;
}

/** Those of kube-proxy; others may have sets whose names begin alike. */
const OWN_SET =
  /^KUBE-(6-)?(LOOP-BACK|CLUSTER-IP|EXTERNAL-IP(-LOCAL)?|LOAD-BALANCER(-FW|-LOCAL|-SOURCE-IP|-SOURCE-CIDR?)?|NODE-PORT-(LOCAL-)?(TCP|UDP|SCTP(-HASH?|-HAS)?)|HEALTH-CHECK-NODE-PORT|IPVS-IPS)$/;

function ofIpvs({ servers, bound, sets }: HostRemains): readonly Leftover[] {
  const found: Leftover[] = [];
  if (servers.length > 0) {
    const what = servers.length === 1 ? '1 virtual server' : `${servers.length} virtual servers`;
    found.push({ mode: 'ipvs', what, commands: servers.map(removalOfServer) });
  }
  const addresses = bound.filter(({ device }) => device === 'kube-ipvs0');
  if (addresses.length > 0) {
    const count = addresses.length === 1 ? '1 address' : `${addresses.length} addresses`;
    found.push({
      mode: 'ipvs',
      what: `device kube-ipvs0 with ${count}`,
      commands: ['ip link delete kube-ipvs0'],
    });
  }
  const own = sets.filter((name) => OWN_SET.test(name));
  if (own.length > 0) {
    const what = own.length === 1 ? '1 ipset' : `${own.length} ipsets`;
    found.push({ mode: 'ipvs', what, commands: own.map((name) => `ipset destroy ${name}`) });
  }
  return found;
}

function removalOfServer({ service }: ListedServer): string {
  if (service.kind === 'mark')
    return `ipvsadm -D -f ${shellWord(`${service.mark}`)}${service.family === 'IPv6' ? ' -6' : ''}`;
  const { address, port } = service.socket;
  const flag = { tcp: '-t', udp: '-u', sctp: '--sctp-service' }[service.protocol];
  return `ipvsadm -D ${flag} ${shellWord(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)}`;
}
