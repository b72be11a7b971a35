/** The records of `--watch` put together again. */
import { expect } from 'vitest';
import type { RuleChange } from '../../src/backends/backend.ts';

/** The rules of each chain, as somebody has them who applies all changes. */
export class AppliedChanges {
  private readonly chains = new Map<string, string[]>();

  /** Fails where the lines that go were not there. */
  apply(changes: Iterable<RuleChange>): void {
    for (const { family, table, chain, before, after } of changes) {
      const key = `${family} ${table} ${chain}`;
      if (after === undefined) {
        expect(this.chains.get(key)).toEqual(before);
        this.chains.delete(key);
        continue;
      }
      const lines = [...(this.chains.get(key) ?? [])];
      for (const line of before ?? []) {
        const at = lines.indexOf(line);
        expect(at, `${line} was there`).toBeGreaterThanOrEqual(0);
        lines.splice(at, 1);
      }
      this.chains.set(key, [...lines, ...after]);
    }
  }

  /** `IPv4 nat KUBE-SERVICES`, and with a colon and a rule behind it, sorted. */
  lines(): string[] {
    return [...this.chains]
      .flatMap(([key, lines]) => [key, ...lines.map((line) => `${key}: ${line}`)])
      .sort();
  }
}

/** The same of the texts that `iptables-save` prints, by the names of the artifacts. */
export function linesOfSaves(artifacts: Record<string, string>): string[] {
  return Object.entries(artifacts)
    .filter(([name]) => name.endsWith('.save'))
    .flatMap(([name, text]) => {
      const family = name.startsWith('ip6') ? 'IPv6' : 'IPv4';
      let table = '';
      return text.split('\n').flatMap((line) => {
        if (line.startsWith('*')) table = line.slice(1);
        const [, chain] = /^(?::|-A )(\S+)/.exec(line) ?? [];
        if (chain === undefined) return [];
        const key = `${family} ${table} ${chain}`;
        return [line.startsWith(':') ? key : `${key}: ${line}`];
      });
    })
    .sort();
}
