/** `npm run injection -- --count 10000 --seed 1`: hostile strings through every emitter, as `injection.ts` has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostileStrings } from '../support/hostile-strings.ts';
import { inject } from './injection.ts';

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
  });
  const strings = hostileStrings(Number(values.seed), Number(values.count));
  const work = mkdtempSync(join(tmpdir(), 'svcrules-injection-'));
  try {
    const results = await inject({ strings, work });
    for (const { emitter, tool = '(text only)', refused, written, unloadable, extra } of results) {
      process.stdout.write(
        `${emitter}, ${tool}: ${written} written, ${refused} refused, ${unloadable} not loadable, ${extra.length} extra\n`,
      );
      for (const what of extra.slice(0, 5)) process.stdout.write(`    ${what.slice(0, 300)}\n`);
    }
    return results.every(({ extra }) => extra.length === 0) ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
