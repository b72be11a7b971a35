/**
 * The section `ipvs` of kube-proxy's configuration.
 *
 * In: its fields. Out: the same with defaults; diagnostics go to the reader. Mirrors kube-proxy 1.37, which looks at this section
 * in mode ipvs only; here it always must be valid, because `--mode` may choose that mode afterwards.
 */
import { parseCIDR } from '../shared/ip.ts';
import type { FieldReader } from './field-reader.ts';

export interface IPVSConfiguration {
  /** Name of a scheduler of the kernel, such as `rr`. */
  readonly scheduler: string;
  /** This host answers ARP requests only for addresses of the interface that they come in by. */
  readonly strictARP: boolean;
  /** Virtual servers in these CIDRs are not kube-proxy's, and left alone. */
  readonly excludeCIDRs: readonly string[];
  /** Seconds after which idle connections are forgotten; 0 leaves the kernel's. */
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number };
}

export const DEFAULT_IPVS_CONFIGURATION: IPVSConfiguration = {
  scheduler: 'rr',
  strictARP: false,
  excludeCIDRs: [],
  timeouts: { tcp: 0, tcpFin: 0, udp: 0 },
};

export function readIPVSConfiguration(fields: FieldReader): IPVSConfiguration {
  const section = fields.section(['ipvs']);
  const scheduler = section.string('scheduler') || DEFAULT_IPVS_CONFIGURATION.scheduler;
  // The kernel has schedulers as modules, so any name may be one; it takes no more than 15 characters.
  if (!/^[a-z0-9_-]{1,15}$/.test(scheduler)) {
    fields.refuse(['ipvs', 'scheduler'], scheduler, 'must be the name of an IPVS scheduler, such as rr');
  }
  const excludeCIDRs = section.strings('excludeCIDRs');
  for (const [i, cidr] of excludeCIDRs.entries()) {
    if (parseCIDR(cidr) === undefined) fields.refuse(['ipvs', 'excludeCIDRs', i], cidr, 'must be a CIDR');
  }
  const seconds = (key: string): number => {
    const text = section.string(key) ?? '0s';
    const duration = parseDuration(text);
    if (duration === undefined || duration < 0) {
      fields.refuse(['ipvs', key], text, 'must be a duration such as 15m0s');
    }
    return Math.floor(duration ?? 0);
  };
  return {
    scheduler,
    strictARP: section.boolean('strictARP') ?? DEFAULT_IPVS_CONFIGURATION.strictARP,
    excludeCIDRs,
    timeouts: { tcp: seconds('tcpTimeout'), tcpFin: seconds('tcpFinTimeout'), udp: seconds('udpTimeout') },
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a duration as Go writes it, such as `1h30m`; undefined for other text. */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^[+-]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([^\d.]+)/g)) {
    sum += Number(number) * (UNITS[unit as string] as number);
  }
  return text.startsWith('-') ? -sum : sum;
}
