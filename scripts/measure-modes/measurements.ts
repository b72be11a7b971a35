/** The shape of docs/modes/measurements.json. Every list of numbers has one for each run, in the order of the runs. */

/** Milliseconds. */
export type Loads = Readonly<Record<string, readonly number[]>>;

export interface Size {
  readonly services: number;
  /** What each mode consists of, by the name of the thing that is counted. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By the tool that loads. */
  readonly loads: Loads;
}

/** Microseconds of a first packet, the lowest decile of a run, by where it goes. */
export interface FirstPackets {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly elsewhere: readonly number[];
}

export interface Lookups {
  readonly services: number;
  readonly modes: Readonly<Record<string, FirstPackets>>;
}

export interface Path {
  /** A second, of four clients that connect one time after the other. */
  readonly connections: readonly number[];
  /** Microseconds from connecting to the first byte of the answer, one client; the lowest decile of a run. */
  readonly firstByte: readonly number[];
  /** Microseconds, one byte there and back on a connection that stands; the lowest decile of a run. */
  readonly roundTrip: readonly number[];
  /** Gigabytes a second. */
  readonly bulk: readonly number[];
}

/** Taken within user-mode-linux, where times are others. */
export interface UmlSize {
  readonly services: number;
  readonly loads: Loads;
  readonly modes: Readonly<Record<string, FirstPackets>>;
}

export interface Measurements {
  readonly machine: Readonly<Record<string, string>>;
  readonly endpoints: number;
  readonly runs: number;
  readonly sizes: readonly Size[];
  readonly lookups: readonly Lookups[];
  readonly paths: Readonly<Record<string, Path>>;
  readonly uml: readonly UmlSize[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
