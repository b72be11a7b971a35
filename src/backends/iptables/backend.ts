/** Mode iptables as a backend: its artifacts and their texts. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { lazily } from '../../shared/lazily.ts';
import { compareStrings } from '../../shared/ordering.ts';
import type { Artifact, Backend, CompiledNode, FollowedNode } from '../backend.ts';
import { RESTORE, SAVE, type Spelling } from '../print-chain.ts';
import { type CompileFamily, compileIptables } from './compile.ts';
import { compileClassic } from './compile-classic.ts';
import { FollowedFamily } from './follow.ts';
import { printRuleset } from './print.ts';
import { keptText } from './printed.ts';
import { chainsOfTable, type Ruleset } from './ruleset.ts';
import { planServicePort } from './service-plan.ts';

const PREFIX: Readonly<Record<IPFamily, string>> = { IPv4: 'iptables', IPv6: 'ip6tables' };

export const iptablesBackend: Backend = { mode: 'iptables', compile, follow };

function compile(view: NodeView): CompiledNode {
  const compileFamily = compilerOf(view);
  const rulesets = lazily(['IPv4', 'IPv6'], (family) =>
    compileFamily(view, family, view.families[family].servicePorts.map(planServicePort)),
  );
  return compiledNode(rulesets, (family, spelling) => printRuleset(rulesets[family], spelling));
}

interface FollowedIptables extends FollowedNode {
  readonly families: Readonly<Record<IPFamily, FollowedFamily>>;
}

function follow(view: NodeView, previous: FollowedNode | undefined): FollowedIptables {
  const before = (previous as FollowedIptables | undefined)?.families;
  const followFamily = (family: IPFamily) =>
    new FollowedFamily(view, family, compilerOf(view), before?.[family]);
  const families = { IPv4: followFamily('IPv4'), IPv6: followFamily('IPv6') };
  const rulesets = { IPv4: families.IPv4.ruleset, IPv6: families.IPv6.ruleset };
  return {
    ...compiledNode(rulesets, (family, spelling) => keptText(families[family].print(spelling))),
    families,
    changes: () => [...families.IPv4.changes(), ...families.IPv6.changes()],
  };
}

function compilerOf({ release }: NodeView): CompileFamily {
  return release.classic ? compileClassic : compileIptables;
}

type Rulesets = Readonly<Record<IPFamily, Ruleset>>;

function compiledNode(
  rulesets: Rulesets,
  print: (family: IPFamily, spelling: Spelling) => Iterable<string>,
): CompiledNode {
  return {
    mode: 'iptables',
    artifacts: (['IPv4', 'IPv6'] as const).flatMap((family): Artifact[] => [
      { name: `${PREFIX[family]}.save`, family, text: () => print(family, SAVE) },
      { name: `${PREFIX[family]}.restore`, family, text: () => print(family, RESTORE) },
    ]),
    mainArtifact: { IPv4: 'iptables.save', IPv6: 'ip6tables.save' },
    json: (family) => json(rulesets[family]),
  };
}

/** `{"tables":[{"name":"nat","chains":[{"name":…,"writer":…,"rules":[…]}]}]}`, a chain a line, sorted as they are printed. */
function* json({ tables, servicePorts }: Ruleset): Generator<string> {
  yield '{"tables":[';
  for (const [t, table] of tables.entries()) {
    const all = [...chainsOfTable(table, servicePorts)];
    const builtin = all.filter(({ writer }) => writer === 'kernel');
    const others = all.filter(({ writer }) => writer !== 'kernel');
    others.sort((a, b) => compareStrings(a.name, b.name));
    const lines = [...builtin, ...others].map((chain) => `\n${JSON.stringify(chain)}`);
    yield `${t === 0 ? '' : ','}\n{"name":${JSON.stringify(table.name)},"chains":[${lines.join(',')}]}`;
  }
  yield ']}';
}
