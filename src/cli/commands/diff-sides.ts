/** Both sides of a comparison: reads and compiles what is intended, and reads what it is compared with. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { FamilyQuestion } from '../../diff/diff-family.ts';
import type { Leftover } from '../../diff/leftovers.ts';
import type { HostState } from '../../host/host-state.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { compiledRules, followedMode } from '../../library/compiled-rules.ts';
import type { DiffHead } from '../../report/diff-text.ts';
import { plainText } from '../../report/plain-text.ts';
import { isLoopback, parseIP } from '../../shared/ip.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compileWithAddresses, fitRelease, fitSyncs } from '../fit-node.ts';
import type { CommandIO } from '../io.ts';
import { loadHost } from '../load-host.ts';
import { isLive } from '../load-input.ts';
import { type LoadedCompilation, loadCompilation } from '../load-node.ts';
import { type HostRules, hasRules, hostRules } from '../node-rules.ts';
import { leftoversOf, OTHER_TOOLS } from '../other-modes.ts';
import { requestedFamily } from './compile-options.ts';
import { type DiffOptions, isAgainst } from './diff-options.ts';

export interface Sides {
  readonly questions: readonly FamilyQuestion[];
  readonly leftovers: readonly Leftover[];
  readonly head: DiffHead;
}

export const DIFF_LISTS: readonly ClusterList[] = [
  { kind: 'Service' },
  { kind: 'EndpointSlice' },
  { kind: 'Node' },
  { kind: 'ServiceCIDR' },
];

/** @returns undefined where an object was refused, which has been said. */
export async function loadSides(options: DiffOptions, io: CommandIO): Promise<Sides | undefined> {
  const request = { lists: DIFF_LISTS, isRelevant: () => true };
  const intended = await loadCompilation(options, request, io);
  if (intended === undefined) return undefined;
  if (isAgainst(options)) {
    const other = await loadCompilation(otherOptions(options, intended), request, io);
    return (
      other && {
        questions: againstCompilation(intended, other, options),
        leftovers: [],
        head: headOf(intended, againstName(options)),
      }
    );
  }
  const others = OTHER_TOOLS[followedMode(intended.compiled.mode)];
  const host = (await loadHost(
    options,
    intended.view.node.name,
    intended.compiled.mode,
    io,
    others,
  )) as HostState;
  return hostSides(intended, host, hostName(options), options, io);
}

/** The rules of a host, beside those of the node that it is. */
export async function hostSides(
  named: LoadedCompilation,
  host: HostState,
  name: string,
  given: DiffOptions,
  io: CommandIO,
): Promise<Sides> {
  const mode = followedMode(named.compiled.mode);
  const { intended, options } = await atHostAddresses(named, host, given);
  const actual = hostDumps(intended, host, options, io);
  const isOpen = options.kubeVersion === undefined && !isLive(options);
  const found = Object.fromEntries(Object.entries(actual).map(([family, { rules }]) => [family, rules]));
  const released = isOpen ? await fitRelease(intended, found, options, io) : intended;
  const fitting = await fitSyncs(released, found, options);
  const addresses = [...new Set([...fitting.view.node.interfaceAddresses, ...(host.localAddresses ?? [])])];
  const questions = FAMILIES.flatMap((family): FamilyQuestion[] => {
    const found = actual[family];
    if (found === undefined) return [];
    const rules = compiledRules(fitting.compiled, family);
    return [{ family, intended: { rules, view: fitting.view }, actual: found, addresses }];
  });
  return { questions, leftovers: leftoversOf(host, mode), head: headOf(fitting, name) };
}

/**
 * kube-proxy takes the addresses of nodePortAddresses from the host's interfaces; the user may name others. The Node's
 * own stay in front: node ports are tried there.
 */
async function atHostAddresses(
  intended: LoadedCompilation,
  { localAddresses }: HostState,
  options: DiffOptions,
): Promise<{ readonly intended: LoadedCompilation; readonly options: DiffOptions }> {
  const { configuration, node } = intended.view;
  const isAsked = configuration.nodePortAddresses.length > 0 && options.nodeAddress.length === 0;
  const found = (localAddresses ?? []).filter((address) => {
    const ip = parseIP(address);
    return ip !== undefined && !isLoopback(ip);
  });
  if (!isAsked || found.length === 0) return { intended, options };
  const own = node.interfaceAddresses.filter((address) => found.includes(address));
  const nodeAddress = [...new Set([...own, ...found])];
  return {
    intended: await compileWithAddresses(intended, nodeAddress),
    options: { ...options, nodeAddress },
  };
}

function headOf({ view, compiled }: LoadedCompilation, against: string): DiffHead {
  return { node: view.node.name, mode: compiled.mode, release: view.release.name, against };
}

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

/** The other side is for the same node. */
function otherOptions(options: DiffOptions, { view }: LoadedCompilation): DiffOptions {
  const { against, againstMode, againstVersion } = options;
  return {
    ...options,
    filename: against.length > 0 ? against : options.filename,
    ...(againstMode === undefined ? {} : { mode: againstMode }),
    kubeVersion: againstVersion ?? view.release.name,
    ...(view.node.name === '' ? {} : { node: view.node.name }),
  };
}

function againstName({ against, againstMode, againstVersion }: DiffOptions): string {
  const names = [
    ...against,
    againstMode && `mode ${againstMode}`,
    againstVersion && `release ${againstVersion}`,
  ];
  return `against ${names.filter(Boolean).join(', ')}`;
}

function hostName({ dump, viaPod }: DiffOptions): string {
  if (dump.length > 0) return '';
  return viaPod ? 'read via kube-proxy' : 'this host';
}

function againstCompilation(
  intended: LoadedCompilation,
  other: LoadedCompilation,
  options: DiffOptions,
): FamilyQuestion[] {
  const only = requestedFamily(options.family);
  return FAMILIES.filter((family) => only === undefined || family === only).map((family) => ({
    family,
    intended: { rules: compiledRules(intended.compiled, family), view: intended.view },
    actual: { rules: compiledRules(other.compiled, family), view: other.view },
    addresses: intended.view.node.interfaceAddresses,
  }));
}

type Dumps = Partial<Record<IPFamily, HostRules>>;

/** A family of which the host tells nothing is not compared, which is said where Services have it. */
function hostDumps(
  intended: LoadedCompilation,
  host: HostState,
  options: DiffOptions,
  io: CommandIO,
): Readonly<Dumps> {
  const only = requestedFamily(options.family);
  const { mode } = intended.compiled;
  const has = (family: IPFamily) => hasRules(host, family, mode);
  const compared = FAMILIES.filter((family) => (only === undefined ? has(family) : family === only));
  if (compared.length === 0) {
    const tools = [...new Set(host.texts.map(({ tool }) => tool))].join(', ');
    const found = tools === '' ? '' : `, only ${tools}`;
    throw new OperationalError(`there are no rules of mode ${mode} among what was read${found}`);
  }
  for (const family of FAMILIES) {
    const { servicePorts } = intended.view.families[family];
    if (only !== undefined || compared.includes(family) || servicePorts.length === 0) continue;
    const lost = `there are no rules of ${family} among what was read: its ${servicePorts.length} service ports are not compared`;
    io.stderr.write(`warning: ${plainText(lost)}\n`);
  }
  const dumps: Dumps = {};
  for (const family of compared)
    dumps[family] = hostRules(host, family, mode, () => compiledRules(intended.compiled, family), io);
  return dumps;
}
