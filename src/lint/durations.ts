/** Durations as Kubernetes' configurations have them. In: a value. Out: milliseconds. */
import { textOf } from './raw-fields.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** As Go writes durations, `1m30s`; undefined for anything else. */
export function durationOf(value: unknown): number | undefined {
  const text = textOf(value) ?? '';
  if (!/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    total += Number(count) * (UNITS[unit as string] as number);
  }
  return total;
}
