/** Writes docs/lint from the rules' own data. The test of the rules fails where the two differ. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const bundle = join(tmpdir(), `svcrules-lint-docs-${process.pid}.mjs`);
await build({
  stdin: {
    contents: "export * from './src/lint/lint.ts'; export * from './src/report/lint-docs.ts';",
    resolveDir: '.',
  },
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
  banner: {
    js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);",
  },
});
const { allRules, ruleDoc, ruleIndexDoc } = await import(pathToFileURL(bundle).href);
rmSync(bundle);

mkdirSync('docs/lint', { recursive: true });
// The pages that name a severity are rules' pages; a rule that has gone takes its page along.
for (const file of readdirSync('docs/lint')) {
  const path = join('docs/lint', file);
  if (/^# [a-z-]+\n\n.* Severity: /.test(readFileSync(path, 'utf8'))) rmSync(path);
}
for (const rule of allRules()) writeFileSync(join('docs/lint', `${rule.id}.md`), ruleDoc(rule));
writeFileSync('docs/lint/README.md', ruleIndexDoc(allRules()));
