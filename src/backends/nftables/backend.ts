/** Mode nftables as a backend: its artifacts and their texts. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { lazily } from '../../shared/lazily.ts';
import type { Artifact, Backend, CompiledNode } from '../backend.ts';
import { followAnew } from '../follow-anew.ts';
import { compileNftables } from './compile.ts';
import { featuresOf } from './context.ts';
import { printJSON, printList, printTransaction } from './print.ts';

const PREFIX: Readonly<Record<IPFamily, string>> = { IPv4: 'ip', IPv6: 'ip6' };

export const nftablesBackend: Backend = {
  mode: 'nftables',
  compile,
  follow: followAnew(compile, ['ip.list', 'ip6.list']),
};

/** @throws OperationalError for a release without this mode. */
function compile(view: NodeView): CompiledNode {
  featuresOf(view);
  const rulesets = lazily(['IPv4', 'IPv6'], (family) => compileNftables(view, family));
  return {
    mode: 'nftables',
    artifacts: (['IPv4', 'IPv6'] as const).flatMap((family): Artifact[] => [
      { name: `${PREFIX[family]}.nft`, family, text: () => printTransaction(rulesets[family]) },
      { name: `${PREFIX[family]}.list`, family, text: () => printList(rulesets[family]) },
    ]),
    mainArtifact: { IPv4: 'ip.nft', IPv6: 'ip6.nft' },
    json: (family) => printJSON(rulesets[family]),
  };
}
