/** The examples for CI say what works: their commands are run as they stand, but for the folder. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'svcrules-ci-'));
const manifests = join(folder, 'manifests');
mkdirSync(manifests);
cpSync(join(ROOT, 'fixtures/lint/service-selector-matches-nothing'), manifests, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true }));

/** Words of a command; files and the folder are those of the test. */
function inFolder(words: readonly string[]): string[] {
  return words.map((word) =>
    word.replace(/^manifests$/, manifests).replace(/=(svcrules\..*)$/, `=${folder}/$1`),
  );
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number>>;
}

describe('the GitHub workflow', () => {
  const text = readFileSync(join(ROOT, 'examples/github-actions.yaml'), 'utf8');
  const workflow = load(text) as {
    readonly permissions: Readonly<Record<string, string>>;
    readonly jobs: { readonly lint: { readonly steps: readonly Step[] } };
  };
  const { steps } = workflow.jobs.lint;

  it('annotates lines, and writes the SARIF that it uploads', async () => {
    const command = steps.find(({ run }) => run?.includes('kubectl-svcrules'))?.run ?? '';
    const [npx, yes, name, ...words] = command.split(' ');
    expect([npx, yes]).toEqual(['npx', '--yes']);
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys(bin)).toContain(name);
    const { status, stdout, stderr } = await runCaptured(inFolder(words));
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(
      /^::error file=[^,]+invalid-tier\.yaml,line=\d+,col=\d+,title=service-selector-matches-nothing::/m,
    );
    const upload = steps.find(({ uses }) => uses?.startsWith('github/codeql-action/upload-sarif@'));
    const sarif = JSON.parse(readFileSync(join(folder, `${upload?.with?.sarif_file}`), 'utf8'));
    expect(sarif.runs[0].results.length).toBeGreaterThan(0);
    expect(workflow.permissions['security-events']).toBe('write');
  });

  it('shows a summary that the step before has written', () => {
    const [, file = ''] =
      /^cat (\S+) >> "\$GITHUB_STEP_SUMMARY"$/m.exec(text.replace(/^ *run: /gm, '')) ?? [];
    expect(existsSync(join(folder, file))).toBe(true);
    expect(readFileSync(join(folder, file), 'utf8')).toContain('service-selector-matches-nothing');
  });
});

describe('the hook of pre-commit', () => {
  const [hook] = load(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')) as readonly {
    readonly id: string;
    readonly entry: string;
    readonly args: readonly string[];
    readonly language: string;
    readonly files: string;
    readonly pass_filenames: boolean;
  }[];

  it('lints a folder', async () => {
    expect(hook).toMatchObject({ id: 'svcrules-lint', language: 'node', pass_filenames: false });
    const [, ...words] = `${hook?.entry}`.split(' ');
    const { status, stdout } = await runCaptured(inFolder([...words, ...(hook?.args ?? [])]));
    expect(status).toBe(1);
    expect(stdout).toContain('[service-selector-matches-nothing]');
  });

  it('runs for manifests', () => {
    const pattern = new RegExp(hook?.files ?? '^$');
    for (const name of ['a/web.yaml', 'web.yml', 'web.json']) expect(name).toMatch(pattern);
    expect('README.md').not.toMatch(pattern);
  });
});
