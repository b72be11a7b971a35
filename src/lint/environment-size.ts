/**
 * How much environment a container may have. In: a template and the service variables of its namespace. Out: the bytes that the
 * kernel counts when it starts the container, and its limit.
 *
 * Mirrors Linux's execve(2): a string with its final NUL may have 32 pages (131072 bytes), arguments and environment together,
 * with a pointer for each string, a quarter of the soft limit of the stack. Container runtimes leave that at 8 MiB.
 * A service variable is of 400 bytes at most, so that only the total can be too much.
 */
import type { ServiceVariables, Variable } from '../discovery/env/service-variables.ts';
import type { PodTemplate } from './pod-templates.ts';
import { fieldsOf, listOf, textOf } from './raw-fields.ts';

export const ARGUMENTS_LIMIT = (8 * 1024 * 1024) / 4;

const POINTER = 8;

/** Each name once, as a process has it. */
export function variablesByName({ blocks }: ServiceVariables): ReadonlyMap<string, string> {
  return new Map(
    blocks.flatMap(({ variables }) => variables.map(({ name, value }) => [name, value] as const)),
  );
}

export function environmentSize(variables: Iterable<readonly [name: string, value: string]>): number {
  let size = 0;
  for (const [name, value] of variables) size += sizeOf({ name, value });
  return size;
}

/** The largest that one of its containers adds of its own: variables with a value, and the command. */
export function ownSize({ spec }: PodTemplate): number {
  const sizes = listOf(spec.containers).map((container) => {
    const { env, command, args } = fieldsOf(container);
    const words = [...listOf(command), ...listOf(args)].flatMap((word) => textOf(word) ?? []);
    const own = listOf(env).map(fieldsOf);
    const ofEnv = own.map(({ name, value }) =>
      sizeOf({ name: textOf(name) ?? '', value: textOf(value) ?? '' }),
    );
    const ofWords = words.map((word) => Buffer.byteLength(word) + 1 + POINTER);
    return [...ofEnv, ...ofWords].reduce((sum, each) => sum + each, 0);
  });
  return Math.max(0, ...sizes);
}

/** `NAME=value`, the NUL and the pointer. */
function sizeOf({ name, value }: Variable): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value) + 2 + POINTER;
}
