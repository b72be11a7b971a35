/** The pages whose commands are run, and the few commands that are not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths from the repository's root. docs/reference says what `--help` says, and has a test of its own. */
export function pages(repository: string): readonly string[] {
  const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' });
  const found = docs
    .filter((path) => path.endsWith('.md') && !path.startsWith('reference/'))
    .map((path) => join('docs', path));
  return ['README.md', 'CONTRIBUTING.md', ...found].sort();
}

/** Commands that the command line only parses, flag by flag, by page; each with the reason. */
const FOLLOWS = 'runs until it is stopped; test/cli/watch.test.ts runs such';

export const NOT_RUN: ReadonlyMap<string, string> = new Map([
  [
    'kubectl svcrules dns --watch                                    # of a live cluster, kept current',
    FOLLOWS,
  ],
  [
    `kubectl svcrules compile --node worker-1 --watch --out rules/ --exec 'git -C rules commit -qam "update $SVCRULES_UPDATE"'`,
    FOLLOWS,
  ],
  [`kubectl svcrules compile --node worker-1 --watch -o json | jq -c '.changes[].chain'`, FOLLOWS],
  ['kubectl svcrules endpoints -n prod --watch', FOLLOWS],
  ['kubectl svcrules endpoints -n default --watch', FOLLOWS],
  ['kubectl svcrules compile --node node-1 --watch -o json', FOLLOWS],
]);
