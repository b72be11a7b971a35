/** Both sides of a comparison: reads and compiles what is intended, and reads what it is compared with. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { FamilyQuestion } from '../../diff/diff-family.ts';
import type { HostState } from '../../host/host-state.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import type { DiffHead } from '../../report/diff-text.ts';
import { plainText } from '../../report/plain-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import { hostDump, loadHost } from '../load-host.ts';
import { compiledDump, type LoadedCompilation, loadCompilation } from '../load-node.ts';
import { requestedFamily } from './compile-options.ts';
import { type DiffOptions, isAgainst } from './diff-options.ts';

export interface Sides {
  readonly questions: readonly FamilyQuestion[];
  readonly head: DiffHead;
}

const LISTS: readonly ClusterList[] = [
  { kind: 'Service' },
  { kind: 'EndpointSlice' },
  { kind: 'Node' },
  { kind: 'ServiceCIDR' },
];

/** @returns undefined where an object was refused, which has been said. */
export async function loadSides(options: DiffOptions, io: CommandIO): Promise<Sides | undefined> {
  const request = { lists: LISTS, isRelevant: () => true };
  const intended = await loadCompilation(options, request, io);
  if (intended === undefined) return undefined;
  const head = (against: string): DiffHead => ({
    node: intended.view.node.name,
    mode: intended.compiled.mode,
    release: intended.view.release.name,
    against,
  });
  if (isAgainst(options)) {
    const other = await loadCompilation(otherOptions(options, intended), request, io);
    return (
      other && { questions: againstCompilation(intended, other, options), head: head(againstName(options)) }
    );
  }
  const host = (await loadHost(options, intended.view.node.name, io)) as HostState;
  return { questions: againstHost(intended, host, options, io), head: head(hostName(options)) };
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
    intended: { dump: compiledDump(intended, family), view: intended.view },
    actual: { dump: compiledDump(other, family), view: other.view },
    addresses: intended.view.node.interfaceAddresses,
  }));
}

/** A family of which the host tells nothing is not compared, which is said where Services have it. */
function againstHost(
  intended: LoadedCompilation,
  host: HostState,
  options: DiffOptions,
  io: CommandIO,
): FamilyQuestion[] {
  const only = requestedFamily(options.family);
  const has = (family: IPFamily) =>
    host.texts.some((text) => text.tool === 'iptables-save' && text.family === family);
  const compared = FAMILIES.filter((family) => (only === undefined ? has(family) : family === only));
  if (compared.length === 0) {
    const tools = [...new Set(host.texts.map(({ tool }) => tool))].join(', ');
    throw new OperationalError(
      `there are no iptables rules among what was read${tools === '' ? '' : `, only ${tools}`}`,
    );
  }
  for (const family of FAMILIES) {
    const { servicePorts } = intended.view.families[family];
    if (only === undefined && !compared.includes(family) && servicePorts.length > 0) {
      io.stderr.write(
        `warning: ${plainText(`there are no rules of ${family} among what was read: its ${servicePorts.length} service ports are not compared`)}\n`,
      );
    }
  }
  const addresses = [...new Set([...intended.view.node.interfaceAddresses, ...(host.localAddresses ?? [])])];
  return compared.map((family) => ({
    family,
    intended: { dump: compiledDump(intended, family), view: intended.view },
    actual: { dump: hostDump(host, family, io).dump },
    addresses,
  }));
}
