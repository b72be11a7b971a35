/** `lint` end to end: its forms, its flags and its exit status. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'svcrules-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const WARNED = file(
  'warned.yaml',
  'apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec:\n  ports: [{port: 5432}]\n',
);
const REFUSED = file('refused.yaml', 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {}\n');

describe('lint', () => {
  it('shows place, object, rule, why and how to mend, and counts', async () => {
    const { status, stdout, stderr } = await runCaptured(['lint', '-f', WARNED]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      `${WARNED}:4:1: warning: Service default/db: the Service has no selector, and the input has no endpoints for it [service-without-endpoints]`,
      expect.stringMatching(/^ {4}why: {2}Nobody fills in/),
      expect.stringMatching(/^ {4}mend: Add a selector/),
      '1 warning in 1 object',
      '',
    ]);
  });

  it('exits with 1 for what --fail-on names, 2 for what cannot be read', async () => {
    expect(await runCaptured(['lint', '-f', REFUSED])).toMatchObject({ status: 1 });
    expect(await runCaptured(['lint', '-f', WARNED, '--fail-on', 'warning'])).toMatchObject({ status: 1 });
    expect(await runCaptured(['lint', '-f', WARNED, '--fail-on', 'note'])).toMatchObject({ status: 1 });
    expect(await runCaptured(['lint', '-f', join(folder, 'none.yaml')])).toMatchObject({ status: 2 });
    expect(await runCaptured(['lint', '-f', WARNED, '-o', 'xml'])).toMatchObject({ status: 2 });
    expect(await runCaptured(['lint', '-f', WARNED, '--rule', 'nothing'])).toMatchObject({ status: 2 });
  });

  it('runs only the rules that are wanted', async () => {
    const only = await runCaptured(['lint', '-f', WARNED, '--rule', 'admission']);
    expect(only.stdout).toBe('nothing in 1 object\n');
    const skipped = await runCaptured(['lint', '-f', WARNED, '--skip', 'service-without-endpoints']);
    expect(skipped.stdout).toBe('nothing in 1 object\n');
  });

  it('prints JSON, to a file too', async () => {
    const out = join(folder, 'findings.json');
    const { stdout } = await runCaptured(['lint', '-f', WARNED, '-o', `json=${out}`, '-o', 'json']);
    expect(readFileSync(out, 'utf8')).toBe(stdout);
    const { counts, findings } = JSON.parse(stdout);
    expect(counts).toEqual({ error: 0, warning: 1, note: 0 });
    expect(findings[0]).toMatchObject({
      rule: 'service-without-endpoints',
      severity: 'warning',
      object: { kind: 'Service', namespace: 'default', name: 'db' },
      field: 'spec.selector',
      file: WARNED,
      line: 4,
      column: 1,
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('lists rules and explains one', async () => {
    const list = await runCaptured(['lint', 'rules']);
    expect(list).toMatchObject({ status: 0, stdout: expect.stringContaining('service-without-endpoints') });
    const one = await runCaptured(['lint', 'rules', 'admission']);
    expect(one.stdout).toBe(readFileSync('docs/lint/admission.md', 'utf8'));
    expect(await runCaptured(['lint', 'rules', 'nothing'])).toMatchObject({ status: 2 });
  });

  it('reads a configuration', async () => {
    const config = (text: string) => file('config.yaml', text);
    const run = (text: string, ...more: string[]) =>
      runCaptured(['lint', '-f', WARNED, '--config', config(text), ...more]);
    expect(await run('lint: {rules: {service-without-endpoints: off}}')).toMatchObject({
      status: 0,
      stdout: 'nothing in 1 object\n',
    });
    expect(await run('lint: {rules: {service-without-endpoints: error}}')).toMatchObject({ status: 1 });
    expect(await run('lint: {failOn: warning}')).toMatchObject({ status: 1 });
    expect(await run('lint: {failOn: warning}', '--fail-on', 'error')).toMatchObject({ status: 0 });
    expect(await run('')).toMatchObject({ status: 0 });
    for (const [text, problem] of [
      ['lint: {rules: {service-without-endpoint: off}}', 'did you mean \\"service-without-endpoints\\"'],
      ['lint: {rules: {admission: none}}', 'lint.rules.admission must be one of'],
      ['lint: []', 'lint must be a mapping'],
      ['lints: {}', 'has no'],
      ['lint: {failOn: [x', 'cannot be parsed'],
    ] as const) {
      const { status, stderr } = await run(text);
      expect(status).toBe(2);
      expect(stderr).toContain(problem.replaceAll('\\', ''));
    }
  });

  it('leaves out what the baseline knows, though lines move', async () => {
    const baseline = join(folder, 'baseline.json');
    const write = await runCaptured(['lint', '-f', REFUSED, '--write-baseline', baseline]);
    expect(write.status).toBe(0);
    writeFileSync(REFUSED, `# moved\n\n${readFileSync(REFUSED, 'utf8')}`);
    const { status, stdout } = await runCaptured(['lint', '-f', REFUSED, '--baseline', baseline]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'nothing in 1 object (1 known to the baseline)\n',
    });
    expect(await runCaptured(['lint', '-f', WARNED, '--baseline', WARNED])).toMatchObject({ status: 2 });
  });

  it('says what annotations have taken out', async () => {
    const ignored = file(
      'ignored.yaml',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\n  annotations: {svcrules.dev/ignore.service-without-endpoints: an operator}\nspec:\n  ports: [{port: 5432}]\n',
    );
    const { stdout } = await runCaptured(['lint', '-f', ignored]);
    expect(stdout).toBe('nothing in 1 object (1 ignored by annotations)\n');
  });
});
