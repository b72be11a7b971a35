/** The files that `lint` reads and writes beside manifests: its configuration and the baseline. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { makeBaseline, readBaseline } from '../../lint/baseline.ts';
import { type LintConfiguration, readLintConfiguration } from '../../lint/configuration.ts';
import type { Finding } from '../../lint/finding.ts';
import { OperationalError } from '../../shared/operational-error.ts';

/** Read from the folder in which lint is run, if it is there. */
export const CONFIGURATION_FILE = '.svcrules.yaml';

/** @throws OperationalError where it cannot be read or says what it cannot mean. */
export function loadConfiguration(file: string | undefined, ids: readonly string[]): LintConfiguration {
  if (file === undefined && !existsSync(CONFIGURATION_FILE)) return { rules: new Map() };
  const name = file ?? CONFIGURATION_FILE;
  const read = readLintConfiguration(parse(name, load), ids);
  if (read.kind === 'refused') throw new OperationalError(`${name}: ${read.problem}`);
  return read.configuration;
}

/** @throws OperationalError where it cannot be read or is none. */
export function loadBaseline(file: string): ReadonlySet<string> {
  const baseline = readBaseline(parse(file, JSON.parse));
  if (baseline === undefined) throw new OperationalError(`${file} is no baseline of lint`);
  return baseline;
}

/** @throws OperationalError where it cannot be written. */
export function writeBaseline(file: string, findings: readonly Finding[]): void {
  writeFile(file, `${JSON.stringify(makeBaseline(findings), null, 2)}\n`);
}

/** @throws OperationalError where it cannot be written. */
export function writeFile(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new OperationalError(`${JSON.stringify(file)} cannot be written`, { cause });
  }
}

function parse(file: string, parser: (text: string) => unknown): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OperationalError(`${JSON.stringify(file)} cannot be read`, { cause });
  }
  try {
    return text.trim() === '' ? undefined : parser(text);
  } catch (cause) {
    throw new OperationalError(`${JSON.stringify(file)} cannot be parsed`, { cause });
  }
}
