/** Writes lint's report in each form that is asked for, to stdout or to a file. */
import type { ChalkInstance } from 'chalk';
import { lintGithub } from '../../report/lint-github.ts';
import { lintJson } from '../../report/lint-json.ts';
import { lintJunit } from '../../report/lint-junit.ts';
import { lintMarkdown } from '../../report/lint-markdown.ts';
import type { LintReport } from '../../report/lint-report.ts';
import { lintSarif } from '../../report/lint-sarif.ts';
import { lintText } from '../../report/lint-text.ts';
import { plainJson } from '../../report/plain-data.ts';
import { style } from '../../report/style.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { writeFile } from './lint-files.ts';

type Print = (report: LintReport, chalk: ChalkInstance) => Iterable<string>;

const json = (value: unknown) => [plainJson(value)];

const FORMATS = {
  text: lintText,
  json: (report) => json(lintJson(report)),
  sarif: (report) => json(lintSarif(report)),
  github: lintGithub,
  junit: lintJunit,
  markdown: lintMarkdown,
} as const satisfies Record<string, Print>;

export const LINT_FORMATS: readonly string[] = Object.keys(FORMATS);

export interface LintOutput {
  readonly format: keyof typeof FORMATS;
  /** stdout if absent. */
  readonly file?: string;
}

/**
 * Reads `sarif` and `sarif=FILE`; without any, it is text on stdout.
 * @throws OperationalError for a form that is not there, and for two on stdout.
 */
export function parseOutputs(texts: readonly string[]): readonly LintOutput[] {
  const outputs = texts.map((text): LintOutput => {
    const [, format = '', file] = /^([a-z]+)(?:=(.+))?$/s.exec(text) ?? [];
    if (!isFormat(format)) {
      throw new OperationalError(`--output must be one of ${LINT_FORMATS.join(', ')}, with =FILE or not`);
    }
    return { format, ...(file === undefined ? {} : { file }) };
  });
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new OperationalError('only one --output can go to stdout; give the others a file: FORMAT=FILE');
  }
  return outputs.length === 0 ? [{ format: 'text' }] : outputs;
}

function isFormat(text: string): text is keyof typeof FORMATS {
  return Object.hasOwn(FORMATS, text);
}

/** @throws OperationalError where a file cannot be written. */
export async function writeReports(
  report: LintReport,
  outputs: readonly LintOutput[],
  chalk: ChalkInstance,
  io: CommandIO,
): Promise<void> {
  const plain = style('never', { isTerminal: false, noColor: undefined });
  for (const { format, file } of outputs) {
    const print: Print = FORMATS[format];
    if (file === undefined) await writeAll(io.stdout, print(report, chalk));
    else await writeFile(file, [...print(report, plain)].join(''));
  }
}
