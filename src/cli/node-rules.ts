/** The rules of a host that are followed and compared. In: what its tools printed. Out: rules, typed. */
import type { IPFamily } from '../apiserver/objects.ts';
import { problems } from '../backends/iptables/parse.ts';
import { parseBoundAddresses, parseIPAddresses } from '../backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../backends/ipvs/parse-ipset.ts';
import { parseListedServers, parseSavedServers } from '../backends/ipvs/parse-ipvsadm.ts';
import { parseListedJSON } from '../backends/nftables/parse-json.ts';
import { parseListed } from '../backends/nftables/parse-listed.ts';
import type { HostState, HostText, HostTool } from '../host/host-state.ts';
import type { ReadToolsOptions } from '../host/read-tools.ts';
import { type FollowedMode, followedMode } from '../library/compiled-rules.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import {
  DUMMY_DEVICE,
  type IptablesRules,
  type IpvsRules,
  iptablesRules,
  type NftablesRules,
  type NodeRules,
} from '../trace/node-rules.ts';
import type { CommandIO } from './io.ts';

/** What prints the rules of a mode on a host. */
const TOOLS: Readonly<Record<FollowedMode, ReadToolsOptions['tools']>> = {
  iptables: ['iptables-save'],
  ipvs: ['ipvsadm-save', 'ipset-save', 'iptables-save', 'ip-addr'],
  nftables: ['nft-text'],
};

/** What prints nothing on a host without Services, the likeliest first. kube-proxy always has chains. */
export function silentTools(mode: ProxyMode): readonly HostTool[] {
  return mode === 'ipvs' ? ['ipvsadm-save', 'addresses', 'ipset-save'] : [];
}

/** @throws OperationalError for a mode whose rules cannot be followed. */
export function toolsOf(mode: ProxyMode): ReadToolsOptions['tools'] {
  return TOOLS[followedMode(mode)];
}

export interface HostRules {
  readonly rules: NodeRules;
  /** For people: a file, or a command and where it ran. */
  readonly origin: string;
}

/** Whether the host shows rules of a family in a mode. */
export function hasRules({ texts }: HostState, family: IPFamily, mode: ProxyMode): boolean {
  if (mode === 'nftables') return texts.some((text) => showsTables(text, family));
  return texts.some((text) => text.tool === 'iptables-save' && text.family === family);
}

/** `nft list ruleset` shows all tables, `nft list table ip kube-proxy` but one. */
function showsTables({ tool, text, origin }: HostText, family: IPFamily): boolean {
  if (tool === 'nft-json') return true;
  if (tool !== 'nft-text') return false;
  const tables = [...text.matchAll(/^table (\w+) (\S+) \{/gm)].map(([, word, name]) => `${word} ${name}`);
  const isOwn = (table: string) => table.endsWith(' kube-proxy');
  const own = `${family === 'IPv4' ? 'ip' : 'ip6'} kube-proxy`;
  // What a command has printed just now is all that there is.
  return tables.includes(own) || origin.startsWith('nft ') || !tables.every(isOwn);
}

/** In which mode kube-proxy seems to work there, by what was read. */
export function modeOfHost({ texts }: HostState): ProxyMode {
  if (texts.some(({ tool }) => tool === 'ipvsadm-save' || tool === 'ipvsadm-list')) return 'ipvs';
  const isListing = ({ tool, text }: HostText) =>
    (tool === 'nft-text' && /^table ip6? kube-proxy \{/m.test(text)) ||
    (tool === 'nft-json' && text.includes('"kube-proxy"'));
  return texts.some(isListing) ? 'nftables' : 'iptables';
}

/**
 * @param mode whose rules are looked for
 * @param intended asked, as it costs a compilation, only where the addresses on the host's dummy device are not known: then they
 * are taken from there
 * @throws OperationalError where the host has no such rules.
 */
export function hostRules(
  host: HostState,
  family: IPFamily,
  mode: ProxyMode,
  intended: () => NodeRules | undefined,
  io: CommandIO,
): HostRules {
  switch (mode) {
    case 'nftables':
      return hostListing(host);
    case 'ipvs':
      return hostServers(host, family, intended, io);
    default: {
      const { text, origin } = textOf(host, ['iptables-save'], family);
      const rules = iptablesRules(text);
      sayProblems(rules, origin, io);
      return { rules, origin };
    }
  }
}

/** Several dumps may each hold a table. */
function hostListing(host: HostState): HostRules & { readonly rules: NftablesRules } {
  const texts = host.texts.filter(({ tool }) => tool === 'nft-text' || tool === 'nft-json');
  const [first] = texts;
  if (first === undefined) throw missing(host, 'nft list ruleset');
  const listed = texts.map(({ tool, text }) =>
    tool === 'nft-json' ? parseListedJSON(text) : parseListed(text),
  );
  return {
    rules: {
      kind: 'nftables',
      listed: {
        tables: listed.flatMap(({ tables }) => tables),
        problems: listed.flatMap((each) => each.problems),
      },
    },
    origin: originOf(texts),
  };
}

function hostServers(
  host: HostState,
  family: IPFamily,
  intended: () => NodeRules | undefined,
  io: CommandIO,
): HostRules & { readonly rules: IpvsRules } {
  const saved = textOf(host, ['iptables-save'], family);
  const servers = textOf(host, ['ipvsadm-save', 'ipvsadm-list']);
  const sets = textOf(host, ['ipset-save']);
  const iptables = iptablesRules(saved.text);
  sayProblems(iptables, saved.origin, io);
  const addresses = host.texts.find(({ tool }) => tool === 'ip-addr' || tool === 'addresses');
  const rules: IpvsRules = {
    kind: 'ipvs',
    iptables,
    servers: (servers.tool === 'ipvsadm-list' ? parseListedServers : parseSavedServers)(servers.text),
    sets: parseIPSets(sets.text),
    bound: addresses === undefined ? boundAsIntended(intended()) : boundAddresses(addresses),
  };
  if (addresses === undefined && family === 'IPv4')
    io.stderr.write(
      'warning: the addresses on kube-ipvs0 are not among what was read (ip addr); they are taken to be as they should\n',
    );
  const texts = [saved, servers, sets, ...(addresses === undefined ? [] : [addresses])];
  return { rules, origin: originOf(texts) };
}

function boundAddresses({ tool, text }: HostText): IpvsRules['bound'] {
  return tool === 'addresses' ? parseBoundAddresses(text, DUMMY_DEVICE) : parseIPAddresses(text);
}

function boundAsIntended(intended: NodeRules | undefined): IpvsRules['bound'] {
  return intended?.kind === 'ipvs' ? intended.bound : { addresses: [], problems: [] };
}

function originOf(texts: readonly HostText[]): string {
  return [...new Set(texts.map(({ origin }) => origin))].join(', ');
}

function textOf(host: HostState, tools: readonly HostTool[], family?: IPFamily): HostText {
  const found = host.texts.find(
    (text) => tools.includes(text.tool) && (family === undefined || text.family === family),
  );
  if (found !== undefined) return found;
  const [tool = ''] = tools;
  throw missing(
    host,
    `${COMMANDS[tool as keyof typeof COMMANDS] ?? tool}${family === undefined ? '' : ` of ${family}`}`,
  );
}

const COMMANDS = {
  'iptables-save': 'iptables-save',
  'ipset-save': 'ipset save',
  'ipvsadm-save': 'ipvsadm -Sn',
} as const;

function missing({ texts }: HostState, what: string): OperationalError {
  const has = texts.map(({ tool, family }) => (family === undefined ? tool : `${tool} of ${family}`));
  const only = has.length === 0 ? '' : `, only ${has.join(', ')}`;
  return new OperationalError(`there is no output of ${what} among what was read${only}`);
}

function sayProblems({ text, dump }: IptablesRules, origin: string, io: CommandIO): void {
  const unread = problems(dump);
  const lines = unread.length === 0 ? [] : text.split('\n');
  // Its lines are not those of the file: the tables of several dumps were put together.
  for (const { line, problem } of unread) {
    const quoted = JSON.stringify((lines[line - 1] ?? '').slice(0, 100));
    io.stderr.write(`warning: ${plainText(`${origin}: ${quoted}: ${problem}`)}\n`);
  }
}
