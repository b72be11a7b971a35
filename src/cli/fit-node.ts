/**
 * Compiles a node for the release whose rules a host has. In: a compilation for whichever release, and the host's rules. Out:
 * the compilation for the release that fits best; which one it is, is said.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { Backend } from '../backends/backend.ts';
import { loadBackend } from '../backends/registry.ts';
import {
  countDifferences,
  fittingReleases,
  type ReleaseCandidate,
  type RulesByFamily,
} from '../diff/fit-release.ts';
import { compiledRules } from '../library/compiled-rules.ts';
import { releaseOfNode } from '../proxy/node-release.ts';
import { buildNodeView } from '../proxy/node-view.ts';
import { hasMode, parseRelease, type Release, SUPPORTED_RELEASES } from '../proxy/release.ts';
import type { CommandIO } from './io.ts';
import { isLive } from './load-input.ts';
import type { LoadedCompilation } from './load-node.ts';
import type { InputOptions, NodeOptions } from './options.ts';

/** With more service ports, only what does not depend on Services decides: to compile for each release would take long. */
const MOST_SERVICE_PORTS = 3000;

/** @param actual the host's rules, of the families that are compared */
export async function fitRelease(
  loaded: LoadedCompilation,
  actual: RulesByFamily,
  options: NodeOptions,
  io: CommandIO,
): Promise<LoadedCompilation> {
  const families = Object.keys(actual) as IPFamily[];
  const { mode } = loaded.compiled;
  const backend = await loadBackend(mode);
  const compileFor = (release: Release, state = loaded.state): LoadedCompilation =>
    compileAgain(loaded, backend, { release, node: options.node, addresses: options.nodeAddress }, state);
  const rulesOf = ({ compiled }: LoadedCompilation): RulesByFamily =>
    Object.fromEntries(families.map((family) => [family, compiledRules(compiled, family)]));
  const empty = { ...loaded.state, services: [], endpointSlices: [] };
  const candidates = SUPPORTED_RELEASES.toReversed()
    .map(parseRelease)
    .filter((release) => hasMode(release, mode))
    .map((release): ReleaseCandidate => ({ release, rules: rulesOf(compileFor(release, empty)) }));
  const fitting = fittingReleases(candidates, actual);
  const best = fitting.includes(loaded.view.release) ? loaded : compileFor(fitting[0] as Release);
  const isExact = (each: LoadedCompilation) => countDifferences(rulesOf(each), actual) === 0;
  const exact = findExact(best, fitting, compileFor, isExact);
  const names = fitting.map(({ name }) => name);
  if (exact.view.release !== loaded.view.release) {
    const others = names.filter((name) => name !== exact.view.release.name);
    const alike = others.length === 0 ? '' : `, as those of ${others.join(', ')} may be`;
    io.stderr.write(
      `note: the rules are those of kube-proxy ${exact.view.release.name}${alike} (--kube-version names another)\n`,
    );
  }
  return exact;
}

/** Where rules differ, another release that fits as well may have them all. */
function findExact(
  best: LoadedCompilation,
  fitting: readonly Release[],
  compileFor: (release: Release) => LoadedCompilation,
  isExact: (compilation: LoadedCompilation) => boolean,
): LoadedCompilation {
  const { families, release } = best.view;
  const count = families.IPv4.servicePorts.length + families.IPv6.servicePorts.length;
  if (fitting.length < 2 || count > MOST_SERVICE_PORTS || isExact(best)) return best;
  for (const other of fitting) {
    if (other === release) continue;
    const compilation = compileFor(other);
    if (isExact(compilation)) return compilation;
  }
  return best;
}

/**
 * A host in mode ipvs has most likely synced more than once, and then may have more than after its first sync.
 * @param actual the host's rules, of the families that are compared
 */
export async function fitSyncs(
  loaded: LoadedCompilation,
  actual: RulesByFamily,
  options: NodeOptions,
): Promise<LoadedCompilation> {
  const { compiled, view } = loaded;
  if (compiled.mode !== 'ipvs') return loaded;
  const differs = (each: LoadedCompilation): number =>
    countDifferences(
      Object.fromEntries(
        (Object.keys(actual) as IPFamily[]).map((family) => [family, compiledRules(each.compiled, family)]),
      ),
      actual,
    );
  const backend = await loadBackend('ipvs');
  const { release } = view;
  const wanted = { release, node: options.node, addresses: options.nodeAddress, ipvsSyncs: 2 };
  const later = compileAgain(loaded, backend, wanted, loaded.state);
  return differs(later) <= differs(loaded) ? later : loaded;
}

interface Wanted {
  readonly release: Release;
  readonly node: string | undefined;
  readonly addresses: readonly string[];
  readonly ipvsSyncs?: number;
}

function compileAgain(
  loaded: LoadedCompilation,
  backend: Backend,
  { release, node: name, addresses, ipvsSyncs = loaded.view.ipvsSyncs }: Wanted,
  state: LoadedCompilation['state'],
): LoadedCompilation {
  const { configuration, nfacct } = loaded.view;
  const node = { name, addresses };
  const view = buildNodeView(state, { release, configuration, node, nfacct, ipvsSyncs });
  return { ...loaded, view, compiled: backend.compile(view) };
}

/** The same node, with the addresses that its interfaces have. */
export async function compileWithAddresses(
  loaded: LoadedCompilation,
  addresses: readonly string[],
): Promise<LoadedCompilation> {
  const backend = await loadBackend(loaded.compiled.mode);
  const { release, node } = loaded.view;
  return compileAgain(loaded, backend, { release, node: node.name || undefined, addresses }, loaded.state);
}

/**
 * The same cluster for another node; a live one's release is its kubelet's.
 * @throws OperationalError where the cluster has no such node.
 */
export async function compileNode(
  loaded: LoadedCompilation,
  options: NodeOptions & InputOptions,
): Promise<LoadedCompilation> {
  const backend = await loadBackend(loaded.compiled.mode);
  const found = loaded.state.nodes.find(({ metadata }) => metadata.name === options.node);
  const isOwn = options.kubeVersion === undefined && isLive(options);
  const release = isOwn ? releaseOfNode(found).release : loaded.view.release;
  return compileAgain(loaded, backend, { release, node: options.node, addresses: [] }, loaded.state);
}
