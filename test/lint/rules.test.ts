/** Rules, their examples, their fixtures, their docs and the registry belong together; every example shows what it says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/lint/lint.ts';
import { ruleDoc, ruleIndexDoc } from '../../src/report/lint-docs.ts';
import { linesOf, lintManifest, markedLines } from './lint-text-input.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES_FOLDER = join(ROOT, 'src/lint/rules');
const FIXTURES = join(ROOT, 'fixtures/lint');
const DOCS = join(ROOT, 'docs/lint');
/** Pages about all rules. */
const OTHER_PAGES = ['README.md', 'comparison.md', 'public-manifests.md'];
const rules = allRules();
const ids = rules.map(({ id }) => id);

describe('the registry', () => {
  it('has every file of the folder of rules, by its name', () => {
    const files = readdirSync(RULES_FOLDER).map((file) => file.replace(/\.ts$/, ''));
    expect([...ids].sort()).toEqual(files.sort());
  });

  it('has a folder of fixtures and a page for every rule, and no others', () => {
    expect(readdirSync(FIXTURES).sort()).toEqual([...ids].sort());
    expect(readdirSync(DOCS).sort()).toEqual([...ids.map((id) => `${id}.md`), ...OTHER_PAGES].sort());
  });

  it('has pages that say what the rules say', () => {
    for (const rule of rules) {
      expect(readFileSync(join(DOCS, `${rule.id}.md`), 'utf8'), rule.id).toBe(ruleDoc(rule));
    }
    expect(readFileSync(join(DOCS, 'README.md'), 'utf8')).toBe(ruleIndexDoc(rules));
  });
});

describe.each(rules)('$id', (rule) => {
  const { id, title, what, why, mend, invalid, valid } = rule;

  it('is described as people read it', () => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    // The annotation that ignores it is a name of 63 characters at most.
    expect(`ignore.${id}`.length).toBeLessThanOrEqual(63);
    for (const text of [title, why, mend]) expect(text).not.toMatch(/[.\n]$/);
    expect(what).toMatch(/\.$/);
    expect(invalid.length).toBeGreaterThan(0);
    expect(valid.length).toBeGreaterThan(0);
  });

  it.each(invalid)('finds, and nothing else does: $title', async ({ manifest }) => {
    const marked = markedLines(manifest);
    expect(marked.length).toBeGreaterThan(0);
    expect(await linesOf(await lintManifest(manifest))).toEqual(marked.map((line) => `${id}:${line}`).sort());
  });

  it.each(valid)('finds nothing: $title', async ({ manifest }) => {
    expect(await linesOf(await lintManifest(manifest))).toEqual([]);
  });

  const folder = join(FIXTURES, id);
  const fixtures = existsSync(folder) ? readdirSync(folder) : [];

  it.each([
    'invalid',
    'valid',
  ])('has two %s fixtures, one of them after what others have published', (kind) => {
    const ofKind = fixtures.filter((name) => name.startsWith(kind));
    expect(ofKind.length).toBeGreaterThanOrEqual(2);
    const published = ofKind.filter((name) => /^# After \S/.test(readFileSync(join(folder, name), 'utf8')));
    expect(published.length).toBeGreaterThan(0);
  });

  it('has no other files among its fixtures', () => {
    expect(fixtures.filter((name) => !/^(in)?valid(-[a-z-]+)?\.yaml$/.test(name))).toEqual([]);
  });

  it.each(fixtures)('finds what is marked in %s', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const lines = (await linesOf(await lintManifest(text))).filter((line) => line.startsWith(`${id}:`));
    expect(lines).toEqual(
      markedLines(text)
        .map((line) => `${id}:${line}`)
        .sort(),
    );
    expect(lines.length > 0).toBe(name.startsWith('invalid'));
  });
});
