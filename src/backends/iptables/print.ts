/** Prints rulesets as text for the kernel's tools. */
import { checked } from '../checked-text.ts';
import { BUILTIN_CHAINS } from '../iptables-chain.ts';
import { rulesText, type Spelling } from '../print-chain.ts';
import { chainsOfTable, type Ruleset, type Table } from './ruleset.ts';
import { TextStore } from './text-store.ts';

export function* printRuleset(ruleset: Ruleset, spelling: Spelling): Generator<string> {
  for (const table of ruleset.tables) yield* printTable(table, ruleset, spelling);
}

/** Nothing for a table without any chain that the spelling includes. */
function* printTable(
  table: Table,
  { family, servicePorts }: Ruleset,
  { includes, print }: Spelling,
): Generator<string> {
  const store = new TextStore(checked);
  for (const chain of chainsOfTable(table, servicePorts)) {
    if (includes(chain)) store.add(chain.name, rulesText(chain, family, print), chain.rules.length);
  }
  const builtin = BUILTIN_CHAINS[table.name];
  const order = store.order(builtin);
  if (order.length === 0) return;
  let declarations = `*${table.name}\n`;
  for (const place of order) {
    const chain = store.name(place);
    declarations += `:${chain} ${builtin.includes(chain) ? 'ACCEPT' : '-'} [0:0]\n`;
  }
  yield checked(declarations, 1 + order.length);
  yield* store.texts(order);
  yield 'COMMIT\n';
}
