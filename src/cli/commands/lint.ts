/** `lint`: manifests or a live cluster in, findings out, in the forms that people and CI systems read. */
import { DEFAULT_KINDS, readInput } from '../../input/read-input.ts';
import type { Source } from '../../input/source.ts';
import { compareWithBaseline } from '../../lint/baseline.ts';
import type { LintConfiguration } from '../../lint/configuration.ts';
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
import { loadBaseline, loadConfiguration, writeBaseline } from './lint-files.ts';
import { parseOutputs, writeReports } from './lint-output.ts';

export interface LintOptions extends InputOptions, ClusterOptions, CommonOptions {
  readonly output: readonly string[];
  /** Default: what the configuration says, else error. */
  readonly failOn?: Severity;
  readonly rule: readonly string[];
  readonly skip: readonly string[];
  readonly config?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

/** @returns 1 where there is a finding at or above `--fail-on`. */
export async function lintCommand(options: LintOptions, io: CommandIO): Promise<number> {
  const outputs = parseOutputs(options.output);
  const rules = allRules();
  const ids = rules.map(({ id }) => id);
  const configuration = await loadConfiguration(options.config, ids);
  const baseline = options.baseline === undefined ? new Set<string>() : await loadBaseline(options.baseline);
  const isWanted = selection(options, configuration, ids);
  const source = await load(options, io);
  const input = {
    objects: source.objects,
    diagnostics: source.diagnostics,
    passedOver: source.passedOver,
    admission: admissionOf(options),
    live: isLive(options),
  };
  const severityOf = (id: string) => severityFrom(configuration.rules.get(id));
  const { findings, suppressed, objectCount } = lint(input, { isWanted, severityOf });
  if (options.writeBaseline !== undefined) await writeBaseline(options.writeBaseline, findings);
  const { unknown, known } = compareWithBaseline(findings, baseline);
  const report: LintReport = {
    findings: locate(unknown, source),
    suppressed: locate(suppressed, source),
    known,
    objectCount,
    rules: rules.filter(({ id }) => isWanted(id)),
    version: version(),
  };
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
  await writeReports(report, outputs, chalk, io);
  const failOn = RANKS[options.failOn ?? configuration.failOn ?? 'error'];
  // What goes into a baseline is to be let through.
  if (options.writeBaseline !== undefined) return 0;
  return unknown.some(({ severity }) => RANKS[severity] >= failOn) ? 1 : 0;
}

function severityFrom(wanted: Severity | 'off' | undefined): Severity | undefined {
  return wanted === 'off' ? undefined : wanted;
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
function selection(
  { rule, skip }: LintOptions,
  configuration: LintConfiguration,
  ids: readonly string[],
): (id: string) => boolean {
  for (const id of [...rule, ...skip]) {
    if (ids.includes(id)) continue;
    throw new OperationalError(`there is no rule ${JSON.stringify(id)}; "lint rules" lists them`);
  }
  // A rule that is named on the command line is wanted, whatever the configuration says.
  const isOn = (id: string) =>
    rule.length === 0 ? configuration.rules.get(id) !== 'off' : rule.includes(id);
  return (id) => isOn(id) && !skip.includes(id);
}

function locate(findings: readonly Finding[], source: Source): readonly LocatedFinding[] {
  return findings.map((finding) => ({
    finding,
    position: finding.origin && source.locate(finding.origin, finding.path),
  }));
}
