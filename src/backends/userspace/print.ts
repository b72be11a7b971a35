/** Prints tables as text for the kernel's tools. In: typed tables. Out: text, a chain at a time. */
import type { IPFamily } from '../../apiserver/objects.ts';
import { checked } from '../checked-text.ts';
import { chainText, type Spelling } from '../print-chain.ts';
import type { Table } from './compile.ts';

/** Nothing for a table without any chain that the spelling includes. */
export function* printTables(
  tables: readonly Table[],
  family: IPFamily,
  spelling: Spelling,
): Generator<string> {
  for (const { name, chains } of tables) {
    const included = chains.filter(spelling.includes);
    if (included.length === 0) continue;
    let declarations = `*${name}\n`;
    for (const chain of included) {
      declarations += `:${chain.name} ${chain.writer === 'kernel' ? 'ACCEPT' : '-'} [0:0]\n`;
    }
    yield checked(declarations, 1 + included.length);
    for (const chain of included) yield chainText(chain, family, spelling);
    yield 'COMMIT\n';
  }
}
