/** What the numbers were measured on, for the page. */
import { cpus, release, totalmem } from 'node:os';

export function describeProcessor(): Record<string, string> {
  const [first] = cpus();
  return {
    processor: `${cpus().length} × ${first?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    Node: process.version,
  };
}
