/**
 * Shorthand for tests of the tracer. In: rules as `iptables-save` prints them, without the frame around. Out: outcomes as
 * short texts, with their shares.
 */
import { parseSaved, problems } from '../../src/backends/iptables/parse.ts';
import { addFractions, formatFraction, reduceFraction, ZERO } from '../../src/trace/fraction.ts';
import { type PreparedRules, prepareRules, type SetLookup } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import type { Outcome, Verdict } from '../../src/trace/outcome.ts';
import type { Host, Packet } from '../../src/trace/packet.ts';
import { chainOf } from '../../src/trace/step.ts';

const HOOKS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export const HOST: Host = { addresses: ['192.168.0.2', 'fd00::2'] };

/** A TCP connection from a Pod to port 80 of an address elsewhere. */
export const PACKET: Packet = {
  protocol: 'tcp',
  source: '10.0.0.9',
  sourcePort: 40000,
  destination: '10.0.0.1',
  destinationPort: 80,
  arrival: { kind: 'device', name: 'veth1' },
};

/** Rules such as `-A FORWARD -j DROP` by their table; chains are declared as they occur. */
export function dump(tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables)
    .map(([name, text]) => {
      const lines = text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      const declared = new Set(
        lines.filter((line) => line.startsWith(':')).map((line) => line.split(' ')[0]),
      );
      const builtIn = (HOOKS[name] ?? []).map((hook) => `:${hook}`).filter((hook) => !declared.has(hook));
      const named = new Set(lines.flatMap((line) => /^-A (\S+)/.exec(line)?.[1] ?? []));
      const own = [...named].filter((chain) => !HOOKS[name]?.includes(chain) && !declared.has(`:${chain}`));
      return [
        `*${name}`,
        ...builtIn.map((hook) => `${hook} ACCEPT [0:0]`),
        ...lines.filter((line) => line.startsWith(':')),
        ...own.map((chain) => `:${chain} - [0:0]`),
        ...lines.filter((line) => !line.startsWith(':')),
        'COMMIT\n',
      ].join('\n');
    })
    .join('');
}

/** @throws Error for rules that cannot be read: a test meant something by them. */
export function prepare(
  tables: Readonly<Record<string, string>>,
  host: Host = HOST,
  sets?: SetLookup,
): PreparedRules {
  const saved = parseSaved(dump(tables));
  const found = problems(saved);
  if (found.length > 0) throw new Error(JSON.stringify(found));
  return prepareRules(saved, host, sets);
}

/** The outcomes of a packet as texts: `1/2 10.0.0.5:8080 masquerade`. Checks that the shares sum to exactly 1. */
export function outcomes(rules: PreparedRules, packet: Partial<Packet> = {}): string[] {
  const found = trace(rules, { ...PACKET, ...packet });
  expectWhole(found);
  return found.map(({ fraction, verdict }) => {
    const share = formatFraction(fraction);
    return share === '1' ? formatVerdict(verdict) : `${share} ${formatVerdict(verdict)}`;
  });
}

/** What becomes of a packet under rules. */
export function fate(
  tables: Readonly<Record<string, string>>,
  packet: Partial<Packet> = {},
  host?: Host,
): string {
  return outcomes(prepare(tables, host), packet).join(', ');
}

export function expectWhole(found: readonly Outcome[]): void {
  const sum = reduceFraction(found.map(({ fraction }) => fraction).reduce(addFractions, ZERO));
  if (sum.numerator !== 1n || sum.denominator !== 1n) throw new Error(`shares sum to ${formatFraction(sum)}`);
}

export function formatVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, source, local } = verdict;
      const { address, port } = destination;
      const socket =
        port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
      const from =
        source.kind === 'unchanged' ? '' : source.kind === 'snat' ? ` snat ${source.to}` : ' masquerade';
      return `${socket}${local ? ' local' : ''}${from}`;
    }
    case 'rejected':
      return `rejected ${verdict.with}`;
    case 'dropped':
      return 'dropped';
    case 'cannot-tell':
      return `cannot tell: ${verdict.reason}${verdict.step === undefined ? '' : ` (${verdict.step.table} ${chainOf(verdict.step)})`}`;
    default:
      return verdict satisfies never;
  }
}
