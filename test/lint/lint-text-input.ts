/** Lints a text. In: manifests. Out: the findings with their lines, as tests compare them. */
import { Readable } from 'node:stream';
import { DEFAULT_KINDS, readInput } from '../../src/input/read-input.ts';
import type { Finding } from '../../src/lint/finding.ts';
import { lint } from '../../src/lint/lint.ts';
import { LINT_KINDS } from '../../src/lint/lint-kinds.ts';

export async function lintManifest(text: string) {
  const source = await readInput({
    filenames: ['-'],
    recursive: false,
    stdin: Readable.from([Buffer.from(text)]),
    kinds: new Set([...DEFAULT_KINDS, ...LINT_KINDS]),
  });
  const result = lint(source);
  const lineOf = ({ origin, path }: Finding) => origin && source.locate(origin, path)?.line;
  return { ...result, lineOf };
}

/** `rule:line` of each finding, sorted. */
export async function linesOf(result: Awaited<ReturnType<typeof lintManifest>>): Promise<string[]> {
  return result.findings.map((finding) => `${finding.code}:${result.lineOf(finding)}`).sort();
}

/** The lines that a manifest marks with ` # ✗`. */
export function markedLines(text: string): number[] {
  return text.split('\n').flatMap((line, i) => (line.endsWith(' # ✗') ? [i + 1] : []));
}
