/** Mode iptables as a backend: its artifacts and their texts. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { compareStrings } from '../../shared/ordering.ts';
import type { Artifact, Backend, CompiledNode } from '../backend.ts';
import { compileIptables } from './compile.ts';
import { compileClassic } from './compile-classic.ts';
import { printRestore, printSave } from './print.ts';
import { chainsOfTable, type Ruleset } from './ruleset.ts';

const PREFIX: Readonly<Record<IPFamily, string>> = { IPv4: 'iptables', IPv6: 'ip6tables' };

export const iptablesBackend: Backend = { mode: 'iptables', compile };

function compile(view: NodeView): CompiledNode {
  const compileFamily = view.release.classic ? compileClassic : compileIptables;
  const rulesets: Readonly<Record<IPFamily, Ruleset>> = {
    IPv4: compileFamily(view, 'IPv4'),
    IPv6: compileFamily(view, 'IPv6'),
  };
  return {
    mode: 'iptables',
    artifacts: [rulesets.IPv4, rulesets.IPv6].flatMap((ruleset): Artifact[] => [
      { name: `${PREFIX[ruleset.family]}.save`, text: () => printSave(ruleset) },
      {
        name: `${PREFIX[ruleset.family]}.restore`,
        text: () => printRestore(ruleset),
      },
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
