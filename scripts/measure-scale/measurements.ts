/** What is measured of big clusters. In: nothing; this file is the shape that the page is made of. */

export interface Measurements {
  readonly machine: Readonly<Record<string, string>>;
  readonly commit: string;
  readonly sizes: readonly Size[];
  readonly yaml: Yaml;
}

export interface Size {
  readonly services: number;
  /** Of all Services together. */
  readonly endpoints: number;
  /** Of the input. */
  readonly megabytes: number;
  /** By what was run. */
  readonly tasks: Readonly<Record<string, Task>>;
}

export interface Task {
  /** Whole processes, in milliseconds. */
  readonly walls: readonly number[];
  /** In MiB; of programs other than ours not measured. */
  readonly peak?: number;
}

export interface Yaml {
  readonly megabytes: number;
  readonly ours: Task;
  /** js-yaml reads the same file, and nothing else happens. */
  readonly alone: Task;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
