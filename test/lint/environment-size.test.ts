/** The size of an environment is counted as this machine's kernel counts it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { serviceVariables } from '../../src/discovery/env/service-variables.ts';
import { ARGUMENTS_LIMIT, environmentSize, variablesByName } from '../../src/lint/environment-size.ts';

const stack = spawnSync('sh', ['-c', 'ulimit -s'], { encoding: 'utf8' }).stdout.trim();
const isUsual = process.platform === 'linux' && stack === '8192';
if (!isUsual) process.stderr.write(`the stack is limited to ${stack} KiB, not 8192: execve is not asked\n`);

/** Services until their variables, and one more of any size, have as many bytes as asked for. */
function environmentOf(size: number): Record<string, string> {
  const services = Array.from({ length: 4000 }, (_, i) => ({
    apiVersion: 'v1' as const,
    kind: 'Service' as const,
    metadata: { name: `service-${i}`, namespace: 'default' },
    spec: { clusterIP: `10.96.${i >> 8}.${i & 255}`, ports: [{ port: 80, protocol: 'TCP' as const }] },
  }));
  const variables = variablesByName(
    serviceVariables(services as never, { namespace: 'default', enableServiceLinks: true }),
  );
  let rest = size - environmentSize(variables);
  const fill: [string, string][] = [];
  for (let i = 0; rest > 200; i++) {
    const length = Math.min(rest - 100, 100_000);
    fill.push([`FILL_${i}`, 'x'.repeat(length)]);
    rest = size - environmentSize(variables) - environmentSize(fill);
  }
  return Object.fromEntries([...variables, ...fill]);
}

describe.skipIf(!isUsual)('execve', () => {
  // What the kernel puts beside them, the path of the program among it, is less than a page.
  it.each([
    [-4096, undefined],
    [4096, 'E2BIG'],
  ])('with an environment %i bytes from the limit ends with %s', (difference, code) => {
    const env = environmentOf(ARGUMENTS_LIMIT + difference);
    const { error } = spawnSync('/bin/true', [], { env });
    expect((error as NodeJS.ErrnoException | undefined)?.code).toBe(code);
  });
});
