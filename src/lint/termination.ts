/** How a Pod ends. In: a template. Out: its times in seconds, with the defaults of the API. */
import type { PodTemplate } from './pod-templates.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './raw-fields.ts';

const DEFAULT_GRACE = 30;

export function graceSeconds({ spec }: PodTemplate): number {
  return numberOf(spec.terminationGracePeriodSeconds) ?? DEFAULT_GRACE;
}

export interface PreStop {
  /** Of the container. */
  readonly index: number;
  /** Only what can be read from the manifest: a sleep. */
  readonly seconds: number;
}

/** The container whose preStop hook sleeps longest, if one does. */
export function longestPreStop({ spec }: PodTemplate): PreStop | undefined {
  let longest: PreStop | undefined;
  for (const [index, container] of listOf(spec.containers).map(fieldsOf).entries()) {
    const seconds = sleepOf(fieldsOf(fieldsOf(container.lifecycle).preStop));
    if (seconds > (longest?.seconds ?? 0)) longest = { index, seconds };
  }
  return longest;
}

function sleepOf({ sleep, exec }: Fields): number {
  const native = numberOf(fieldsOf(sleep).seconds);
  if (native !== undefined) return native;
  const command = listOf(fieldsOf(exec).command).map((word) => textOf(word) ?? String(word));
  const line = command.join(' ');
  // What comes before or after a sleep takes time, too, but nobody knows how much.
  const found = /(?:^|[ ;&/])sleep (\d+(?:\.\d+)?)s?(?=$|[ ;&])/.exec(line);
  return found === null ? 0 : Number(found[1]);
}

/** The longest that a container's readiness probe takes to fail; undefined where none has one. */
export function readinessFailureSeconds({
  spec,
}: PodTemplate): { index: number; seconds: number } | undefined {
  let slowest: { index: number; seconds: number } | undefined;
  for (const [index, container] of listOf(spec.containers).map(fieldsOf).entries()) {
    if (typeof container.readinessProbe !== 'object' || container.readinessProbe === null) continue;
    const { periodSeconds, failureThreshold } = fieldsOf(container.readinessProbe);
    const seconds = (numberOf(periodSeconds) || 10) * (numberOf(failureThreshold) || 3);
    if (slowest === undefined || seconds > slowest.seconds) slowest = { index, seconds };
  }
  return slowest;
}
