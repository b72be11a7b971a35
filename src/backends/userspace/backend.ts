/**
 * Mode userspace as a backend: its artifacts and their texts.
 *
 * With portals these are kube-proxy's rules and a proxy behind them. Without (`--no-portals`) there is no kube-proxy, only a
 * proxy in its place, which every release can have.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { releasesWith, SUPPORTED_RELEASES } from '../../proxy/release.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { Artifact, Backend, CompiledNode } from '../backend.ts';
import { followAnew } from '../follow-anew.ts';
import { RESTORE, SAVE, type Spelling } from '../print-chain.ts';
import { compilePortals, type Portals } from './compile.ts';
import { type Frontend, portalFrontends, standaloneFrontends } from './frontend.ts';
import { printHAProxy } from './haproxy.ts';
import { printNginx } from './nginx.ts';
import { portalNotes, proxyNotes, standaloneNotes } from './notes.ts';
import { printTables } from './print.ts';

const COMPARED = ['iptables.save', 'ip6tables.save', 'haproxy.cfg', 'nginx.conf'];

export const userspaceBackend: Backend = {
  mode: 'userspace',
  compile,
  follow: followAnew(compile, COMPARED),
};

/** @throws OperationalError for a release without this mode, unless it is the proxy alone that is wanted. */
function compile(view: NodeView): CompiledNode {
  return view.configuration.userspace.portals ? compileWithPortals(view) : compileStandalone(view);
}

function compileWithPortals(view: NodeView): CompiledNode {
  refuseOtherReleases(view);
  const portals = compilePortals(view);
  const frontends = portalFrontends(portals);
  const head = [
    `The proxy of kube-proxy's mode userspace, for the rules of ${ruleFile(portals.host.family, 'save')}, which send cluster IPs and`,
    'node ports to the local ports here.',
  ];
  return {
    mode: 'userspace',
    artifacts: [...ruleArtifacts(portals), ...proxyArtifacts(view, frontends, head, false)],
    mainArtifact: { IPv4: 'iptables.save', IPv6: 'ip6tables.save' },
    notes: [...portalNotes(view, portals), ...proxyNotes(view, frontends)],
    json: (family) => json(family, portals, frontends),
  };
}

function compileStandalone(view: NodeView): CompiledNode {
  const made = standaloneFrontends(view);
  const head = [
    "A proxy in kube-proxy's place, for clients that use the addresses of this node: the node port where a Service has one,",
    'external addresses that this host has, else a port of the proxy. Cluster IPs are not reachable: no rule sends them here.',
  ];
  return {
    mode: 'userspace',
    artifacts: proxyArtifacts(view, made.frontends, head, true),
    mainArtifact: { IPv4: 'haproxy.cfg', IPv6: 'haproxy.cfg' },
    notes: [...standaloneNotes(view, made), ...proxyNotes(view, made.frontends)],
    json: (family) => json(family, undefined, made.frontends),
  };
}

function refuseOtherReleases({ release }: NodeView): void {
  if (release.userspace) return;
  const having = releasesWith(({ userspace }) => userspace);
  const gone = SUPPORTED_RELEASES[SUPPORTED_RELEASES.indexOf(having.at(-1) as string) + 1];
  throw new OperationalError(
    `kube-proxy ${release.name} has no mode userspace: it was removed in ${gone}; the releases that have it are ` +
      `${having.join(', ')} (--kube-version ${having.at(-1)}), and --no-portals needs none`,
  );
}

function ruleFile(family: IPFamily, kind: 'save' | 'restore'): string {
  return `${family === 'IPv4' ? 'iptables' : 'ip6tables'}.${kind}`;
}

function ruleArtifacts({ host, tables }: Portals): readonly Artifact[] {
  return (['IPv4', 'IPv6'] as const).flatMap((family): Artifact[] => {
    // kube-proxy has one iptables, that of the node's family.
    const ofFamily = family === host.family ? tables : [];
    const text = (spelling: Spelling) => () => printTables(ofFamily, family, spelling);
    return [
      { name: ruleFile(family, 'save'), family, text: text(SAVE) },
      { name: ruleFile(family, 'restore'), family, text: text(RESTORE) },
    ];
  });
}

function proxyArtifacts(
  { configuration }: NodeView,
  frontends: readonly Frontend[],
  head: readonly string[],
  bothFamilies: boolean,
): readonly Artifact[] {
  const { udpIdleTimeout } = configuration.userspace;
  return [
    { name: 'haproxy.cfg', family: undefined, text: () => printHAProxy(frontends, head, bothFamilies) },
    {
      name: 'nginx.conf',
      family: undefined,
      text: () => printNginx(frontends, head, bothFamilies, udpIdleTimeout),
    },
  ];
}

/** `{"tables":[{"name":"nat","chains":[…]}],"frontends":[…]}`, a chain or a frontend a line. */
function* json(
  family: IPFamily,
  portals: Portals | undefined,
  frontends: readonly Frontend[],
): Generator<string> {
  const tables = portals?.host.family === family ? portals.tables : [];
  yield '{"tables":[';
  for (const [t, { name, chains }] of tables.entries()) {
    const lines = chains.map((chain) => `\n${JSON.stringify(chain)}`);
    yield `${t === 0 ? '' : ','}\n{"name":${JSON.stringify(name)},"chains":[${lines.join(',')}]}`;
  }
  const lines = frontends.filter((each) => each.family === family).map((each) => `\n${JSON.stringify(each)}`);
  yield `],"frontends":[${lines.join(',')}]}`;
}
