/** The files that `lint` reads and writes beside manifests: its configuration and the baseline. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { load } from 'js-yaml';
import { limits } from '../../input/limits.ts';
import { openInput } from '../../input/stored-input.ts';
import { makeBaseline, readBaseline } from '../../lint/baseline.ts';
import { type LintConfiguration, readLintConfiguration } from '../../lint/configuration.ts';
import type { Finding } from '../../lint/finding.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { writeArtifacts } from '../write-artifacts.ts';

/** Read from the folder in which lint is run, if it is there. */
export const CONFIGURATION_FILE = '.svcrules.yaml';

/** @throws OperationalError where it cannot be read or says what it cannot mean. */
export async function loadConfiguration(
  file: string | undefined,
  ids: readonly string[],
): Promise<LintConfiguration> {
  if (file === undefined && !existsSync(CONFIGURATION_FILE)) return { rules: new Map() };
  const name = file ?? CONFIGURATION_FILE;
  const read = readLintConfiguration(await parse(name, load), ids);
  if (read.kind === 'refused') throw new OperationalError(`${name}: ${read.problem}`);
  return read.configuration;
}

/** @throws OperationalError where it cannot be read or is none. */
export async function loadBaseline(file: string): Promise<ReadonlySet<string>> {
  const baseline = readBaseline(await parse(file, JSON.parse));
  if (baseline === undefined) throw new OperationalError(`${file} is no baseline of lint`);
  return baseline;
}

/** @throws OperationalError where it cannot be written. */
export function writeBaseline(file: string, findings: readonly Finding[]): Promise<void> {
  return writeFile(file, `${JSON.stringify(makeBaseline(findings), null, 2)}\n`);
}

/**
 * Whole or not at all; pipes and devices as they take it.
 * @throws OperationalError where it cannot be written.
 */
export async function writeFile(file: string, text: string): Promise<void> {
  try {
    const isSpecial = statSync(file, { throwIfNoEntry: false })?.isFile() === false;
    if (isSpecial) writeFileSync(file, text);
    else {
      statSync(dirname(file));
      await writeArtifacts(dirname(file), [{ name: basename(file), text: () => [text] }]);
    }
  } catch (cause) {
    throw new OperationalError(`${JSON.stringify(file)} cannot be written`, { cause });
  }
}

async function parse(file: string, parser: (text: string) => unknown): Promise<unknown> {
  const input = await openInput(file);
  if (input === undefined) {
    throw new OperationalError(`${JSON.stringify(file)} is larger than ${limits().fileBytes} bytes`);
  }
  const text = input.read(0).toString('utf8');
  try {
    return text.trim() === '' ? undefined : parser(text);
  } catch (cause) {
    throw new OperationalError(`${JSON.stringify(file)} cannot be parsed`, { cause });
  }
}
