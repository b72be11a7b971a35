/** A kubectl that answers as a test says: a shell script in a folder of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeKubectl {
  readonly path: string;
  /** The arguments of each call, in the order in which the calls began. */
  readonly calls: () => readonly string[];
  readonly remove: () => void;
}

/**
 * @param answers what the shell does when the path that is asked for with `--raw`, or else the whole command line,
 * begins so; the longest beginning counts. `$DIR` is a folder for files of its own.
 */
export function fakeKubectl(answers: Readonly<Record<string, string>>): FakeKubectl {
  const folder = mkdtempSync(join(tmpdir(), 'fake-kubectl-'));
  const path = join(folder, 'kubectl');
  const cases = Object.entries(answers)
    .sort(([a], [b]) => b.length - a.length)
    .map(([start, shell]) => `${quote(start)}*)\n${shell}\n;;`);
  const script = [
    '#!/bin/sh',
    `DIR=${quote(folder)}`,
    `printf '%s\\n' "$*" >>"$DIR/calls"`,
    'if [ "$1 $2" = "get --raw" ]; then asked=$3; else asked=$*; fi',
    `case "$asked" in\n${cases.join('\n')}`,
    `*) echo 'Error from server (NotFound): the server could not find the requested resource' >&2; exit 1;;`,
    'esac',
  ];
  writeFileSync(path, `${script.join('\n')}\n`, { mode: 0o755 });
  return {
    path,
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n'),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Shell that prints a value as JSON. */
export function answer(value: unknown): string {
  return `printf '%s\\n' ${quote(JSON.stringify(value))}`;
}

/** Shell that ends as kubectl ends when it fails. */
export function failure(stderr: string): string {
  return `printf '%s\\n' ${quote(stderr)} >&2; exit 1`;
}

/** Shell that does one thing the first time, another later. `name` is of this place alone. */
export function atFirst(name: string, first: string, later: string): string {
  return `if [ -e "$DIR/${name}" ]; then\n${later}\nelse : >"$DIR/${name}"\n${first}\nfi`;
}

export function serviceList(names: readonly string[], continueToken = ''): unknown {
  return {
    kind: 'ServiceList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '7', ...(continueToken === '' ? {} : { continue: continueToken }) },
    items: names.map((name) => ({
      metadata: { name, namespace: 'default', managedFields: [{ manager: 'kubectl' }] },
      spec: { clusterIP: '10.96.0.1' },
    })),
  };
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
