/** The sources keep the rules of the house: imports go down, no circles, I/O in its rooms, names and exports. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations } from './support/architecture.ts';

const SRC = join(import.meta.dirname, '../src');

function readSources(): Map<string, string> {
  const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[tj]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [relative(SRC, file).split(sep).join('/'), readFileSync(file, 'utf8')]));
}

describe('the sources', () => {
  it('keep the rules of the house', () => {
    const sources = readSources();
    expect(sources.size).toBeGreaterThan(20);
    expect(findViolations(sources)).toEqual([]);
  });
});

const LEAVES = {
  'shared/leaf.ts': 'export const leaf = 1;\n',
  'shared/other.ts': 'export const other = 1;\n',
  'apiserver/state.ts': "import { leaf } from '../shared/leaf.ts';\nexport const state = leaf;\n",
  'backends/backend.ts': 'export interface Backend {}\n',
  'backends/ipvs/rule.ts': 'export const rule = 1;\n',
  'report/style.ts': 'export const style = 1;\n',
  'library/compile.ts': 'export const lib = 1;\n',
  'cli/main.ts': 'export const main = 1;\n',
  'index.ts': "export { state } from './apiserver/state.ts';\n",
};

/** The violations when one more file stands in a clean tree. */
function violationsWith(file: string, text: string): string[] {
  return findViolations(new Map(Object.entries({ ...LEAVES, [file]: text })));
}

describe('findViolations', () => {
  it('finds nothing in a clean tree', () => {
    expect(findViolations(new Map(Object.entries(LEAVES)))).toEqual([]);
  });

  it.each([
    ['a room from below', 'proxy/view.ts', "import { state } from '../apiserver/state.ts';"],
    ['a type from below', 'proxy/view.ts', "import type { State } from '../apiserver/state.ts';"],
    ['itself', 'apiserver/admit.ts', "import { state } from './state.ts';"],
    ['a pure module of Node', 'proxy/hash.ts', "import { createHash } from 'node:crypto';"],
    ['files in a room that may', 'input/read.ts', "import { readFile } from 'node:fs/promises';"],
    ['what backends share', 'backends/iptables/backend.ts', "import type { Backend } from '../backend.ts';"],
    ['a backend in the registry', 'backends/registry.ts', "const load = () => import('./ipvs/rule.ts');"],
    ['report in cli', 'cli/print.ts', "import { style } from '../report/style.ts';"],
    ['what the library and cli share', 'cli/a.ts', "import { lib } from '../library/compile.ts';"],
    ['a package', 'input/yaml.ts', "import { load } from 'js-yaml';"],
  ])('allows %s', (_, file, text) => {
    expect(violationsWith(file, `${text}\n`)).toEqual([]);
  });

  it.each([
    [
      'an import up',
      'input/read.ts',
      "import { state } from '../apiserver/state.ts';",
      'input imports up from apiserver',
    ],
    ['a type import up', 'input/read.ts', "import type { S } from '../apiserver/state.ts';", 'imports up'],
    [
      'an import over several lines',
      'input/read.ts',
      "import {\n  state,\n} from '../apiserver/state.ts';",
      'imports up',
    ],
    ['a re-export up', 'input/read.ts', "export * from '../apiserver/state.ts';", 'imports up'],
    [
      'a dynamic import up',
      'input/read.ts',
      "const m = await import('../apiserver/state.ts');",
      'imports up',
    ],
    [
      'shared from elsewhere',
      'shared/leaf2.ts',
      "import { state } from '../apiserver/state.ts';",
      'imports up',
    ],
    [
      'a backend from another',
      'backends/iptables/a.ts',
      "import { rule } from '../ipvs/rule.ts';",
      'know each other',
    ],
    [
      'a room that the house lacks',
      'utilities/a.ts',
      "import { leaf } from '../shared/leaf.ts';",
      'no room of the house',
    ],
    ['report in a room above', 'lint/a.ts', "import { style } from '../report/style.ts';", 'imports up'],
    ['cli in the library', 'index.ts', "export { main } from './cli/main.ts';", 'imports the command line'],
    [
      'the library in a room',
      'proxy/a.ts',
      "import { state } from '../index.ts';",
      'nothing imports the library',
    ],
    [
      'the library as a whole in cli',
      'cli/a.ts',
      "import { state } from '../index.ts';",
      'nothing imports the library',
    ],
    ['files where they may not', 'proxy/a.ts', "import { readFileSync } from 'node:fs';", 'I/O outside'],
    ['processes without prefix', 'proxy/a.ts', "import { spawn } from 'child_process';", 'I/O outside'],
    ['sockets loaded late', 'proxy/a.ts', "const net = await import('node:net');", 'I/O outside'],
    ['a bare import', 'proxy/a.ts', "import 'node:process';", 'I/O outside'],
    ['a default export', 'proxy/a.ts', 'export default 1;', 'a default export'],
    ['a hidden default export', 'proxy/a.ts', 'const a = 1;\nexport { a as default };', 'a default export'],
    ['a computed import', 'proxy/a.ts', 'const m = await import(name);', 'computed'],
    ['a missing file', 'proxy/a.ts', "import { b } from './b.ts';", 'no such file'],
    ['a file outside', 'proxy/a.ts', "import { b } from '../../test/b.ts';", 'outside src'],
    ['camel case', 'proxy/nodeView.ts', '', 'not kebab-case'],
    ['a folder with capitals', 'proxy/View/a.ts', '', 'not kebab-case'],
  ])('catches %s', (_, file, text, reason) => {
    const violations = violationsWith(file, `${text}\n`);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(reason);
  });

  it('catches a circle of imports', () => {
    const files = new Map([
      ['proxy/a.ts', "import { b } from './b.ts';\n"],
      ['proxy/b.ts', "import type { C } from './c.ts';\n"],
      ['proxy/c.ts', "export { a } from './a.ts';\n"],
    ]);
    expect(findViolations(files)).toEqual([
      'proxy/a.ts: a circle of imports: proxy/a.ts -> proxy/b.ts -> proxy/c.ts -> proxy/a.ts',
    ]);
  });
});
