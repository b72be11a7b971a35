/** The kernel as the judge of mode userspace's rules: iptables takes them, prints them back unchanged, and takes them again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { iptablesCommand, probeKernel, runInNamespace } from '../support/namespace.ts';
import { canonicalIptablesSave } from '../support/normal-form.ts';

vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../../fixtures/userspace');
const COMBINATIONS = (['legacy', 'nft'] as const).flatMap((variant) =>
  (['ipv4', 'ipv6'] as const).map((family) => ({ variant, family })),
);

describe.each(COMBINATIONS)('iptables-$variant, $family', ({ variant, family }) => {
  const reason = probeKernel(variant, family);
  if (reason !== undefined) process.stderr.write(`no rules in iptables-${variant}, ${family}: ${reason}\n`);
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => expect(reason).toBeUndefined());
  }
  const restore = `${iptablesCommand(variant, family, 'restore')} -w 30`;
  const save = iptablesCommand(variant, family, 'save');
  const prefix = family === 'ipv4' ? 'iptables' : 'ip6tables';

  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-kernel-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.skipIf(reason !== undefined).each(listClusters(ROOT))('takes the rules of %s', async (name) => {
    const folder = join(ROOT, name);
    const out = join(work, name);
    const flags = inputFlags(folder, { ...readClusterOptions(folder), release: '1.25' });
    const { status } = await runCaptured(['compile', ...flags, '--mode', 'userspace', '--out', out]);
    expect(status).toBe(0);
    const files = [join(out, `${prefix}.save`), join(out, `${prefix}.restore`)];
    const script = `${restore} <"$1"; ${save}; echo ---
      ${restore} --noflush <"$2"; ${restore} --noflush <"$2"; ${save}`;
    const text = readFileSync(files[0] as string, 'utf8');
    // A family without rules has none to print.
    if (text === '') return;
    const [loaded, again] = (await runInNamespace(script, files)).split('---\n') as [string, string];
    expect(canonicalIptablesSave(loaded)).toBe(canonicalIptablesSave(text));
    expect(canonicalIptablesSave(again)).toBe(canonicalIptablesSave(text));
  });
});
