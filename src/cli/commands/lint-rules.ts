/** `lint rules`: the list of all rules, or the page of one. */
import { allRules } from '../../lint/lint.ts';
import { ruleDoc } from '../../report/lint-docs.ts';
import { table } from '../../report/table.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';

/** @throws OperationalError for a rule that is not there. */
export async function lintRulesCommand(id: string | undefined, io: CommandIO): Promise<number> {
  const rules = allRules();
  if (id === undefined) {
    const rows = rules.map((rule) => [rule.id, rule.severity, rule.title]);
    await writeAll(io.stdout, [table(['RULE', 'SEVERITY', 'FINDS'], rows)]);
    return 0;
  }
  const rule = rules.find((each) => each.id === id);
  if (rule === undefined) {
    throw new OperationalError(`there is no rule ${JSON.stringify(id)}; "lint rules" lists them`);
  }
  await writeAll(io.stdout, [ruleDoc(rule)]);
  return 0;
}
