/**
 * What kube-proxy's configuration says of mode userspace.
 *
 * In: its fields. Out: the same with defaults; diagnostics go to the reader. Mirrors kube-proxy 1.25, the last release with
 * this mode; later ones still read the fields and do nothing with them.
 */
import type { FieldReader } from './field-reader.ts';
import { parseDuration } from './ipvs-configuration.ts';

export interface UserspaceConfiguration {
  /** Where local proxy ports are taken from; undefined leaves the range open. */
  readonly portRange: ProxyPortRange | undefined;
  /** Milliseconds after which a UDP client that is silent counts as a new one. */
  readonly udpIdleTimeout: number;
  /** False: only the proxy is wanted, which then listens where clients can reach it without any rule. */
  readonly portals: boolean;
}

export interface ProxyPortRange {
  readonly first: number;
  readonly last: number;
}

export const DEFAULT_USERSPACE_CONFIGURATION: UserspaceConfiguration = {
  portRange: undefined,
  udpIdleTimeout: 250,
  portals: true,
};

/** 24 days: more milliseconds than that do not fit everywhere. */
const LONGEST_TIMEOUT = 24 * 86_400_000;

export function readUserspaceConfiguration(fields: FieldReader): UserspaceConfiguration {
  const text = (fields.string(['portRange']) ?? '').trim();
  const portRange = parsePortRange(text);
  if (portRange === undefined && text !== '') {
    fields.refuse(['portRange'], text, 'must be ports such as 20000-29999, 20000+9999 or 20000');
  }
  return {
    portRange: portRange?.first === 0 ? undefined : portRange,
    udpIdleTimeout: readIdleTimeout(fields),
    portals: true,
  };
}

/** `FIRST-LAST`, `FIRST+COUNT` or one port; a range that begins with 0 is open. */
function parsePortRange(text: string): ProxyPortRange | undefined {
  const match = /^([0-9]{1,5})(?:([-+])([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, begin, sign, end] = match;
  const first = Number(begin);
  const last = sign === undefined ? first : sign === '+' ? first + Number(end) : Number(end);
  return last < first || last > 65535 ? undefined : { first, last };
}

function readIdleTimeout(fields: FieldReader): number {
  const text = fields.string(['udpIdleTimeout']) || '0s';
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds < 0) {
    fields.refuse(['udpIdleTimeout'], text, 'must be a duration such as 250ms');
    return DEFAULT_USERSPACE_CONFIGURATION.udpIdleTimeout;
  }
  if (seconds === 0) return DEFAULT_USERSPACE_CONFIGURATION.udpIdleTimeout;
  return Math.min(Math.max(1, Math.round(seconds * 1000)), LONGEST_TIMEOUT);
}
