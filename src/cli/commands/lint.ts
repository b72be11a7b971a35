/** `lint`: manifests or a live cluster in, findings out, in the forms that people and CI systems read. */
import { DEFAULT_KINDS, readInput } from '../../input/read-input.ts';
import type { Source } from '../../input/source.ts';
import type { Finding } from '../../lint/finding.ts';
import { allRules, lint } from '../../lint/lint.ts';
import { LINT_KINDS } from '../../lint/lint-kinds.ts';
import type { LintReport, LocatedFinding } from '../../report/lint-report.ts';
import { style } from '../../report/style.ts';
import type { Severity } from '../../shared/diagnostic.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import { admissionOf, inputRequest, isLive, loadCluster } from '../load-input.ts';
import type { ClusterOptions, CommonOptions, InputOptions } from '../options.ts';
import { version } from '../version.ts';
import { parseOutputs, writeReports } from './lint-output.ts';

export interface LintOptions extends InputOptions, ClusterOptions, CommonOptions {
  readonly output: readonly string[];
  readonly failOn: Severity;
  readonly rule: readonly string[];
  readonly skip: readonly string[];
}

/** @returns 1 where there is a finding at or above `--fail-on`. */
export async function lintCommand(options: LintOptions, io: CommandIO): Promise<number> {
  const outputs = parseOutputs(options.output);
  const isWanted = selection(options);
  const source = await load(options, io);
  const { findings, suppressed, objectCount } = lint(
    {
      objects: source.objects,
      diagnostics: source.diagnostics,
      passedOver: source.passedOver,
      admission: admissionOf(options),
      live: isLive(options),
    },
    { isWanted },
  );
  const report: LintReport = {
    findings: locate(findings, source),
    suppressed: locate(suppressed, source),
    known: 0,
    objectCount,
    rules: allRules().filter(({ id }) => isWanted(id)),
    version: version(),
  };
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
  await writeReports(report, outputs, chalk, io);
  return findings.some(({ severity }) => RANKS[severity] >= RANKS[options.failOn]) ? 1 : 0;
}

const RANKS: Readonly<Record<Severity, number>> = { note: 0, warning: 1, error: 2 };

async function load(options: LintOptions, io: CommandIO): Promise<Source> {
  if (isLive(options)) {
    const { namespace } = options;
    const kinds = ['Service', 'EndpointSlice', 'Pod'] as const;
    const lists = [...kinds.map((kind) => ({ kind, namespace })), { kind: 'Node' as const }];
    return (await loadCluster(lists, options, io)).source;
  }
  return readInput({ ...inputRequest(options, io), kinds: new Set([...DEFAULT_KINDS, ...LINT_KINDS]) });
}

/** @throws OperationalError for a rule that is not there. */
function selection({ rule, skip }: LintOptions): (id: string) => boolean {
  const known = new Set(allRules().map(({ id }) => id));
  for (const id of [...rule, ...skip]) {
    if (!known.has(id)) {
      throw new OperationalError(`there is no rule ${JSON.stringify(id)}; "lint rules" lists them`);
    }
  }
  return (id) => (rule.length === 0 || rule.includes(id)) && !skip.includes(id);
}

function locate(findings: readonly Finding[], source: Source): readonly LocatedFinding[] {
  return findings.map((finding) => ({
    finding,
    position: finding.origin && source.locate(finding.origin, finding.path),
  }));
}
