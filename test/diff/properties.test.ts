/**
 * Random tampering. A host on which some packet fares otherwise is never called equal, and the Service that the packet was
 * for is named; every answer but "equal" says what differs.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { OUTSIDE_DEVICE, probesOf } from '../../src/diff/probes.ts';
import { formatFraction } from '../../src/trace/fraction.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { verdictKey } from '../../src/trace/outcome.ts';
import { diffHost, type Host, readHost, type Tamper, tampered } from './hosts.ts';

const FOLDERS = ['fixtures/diffs/shop', 'fixtures/clusters/rich', 'fixtures/clusters/random-007'];
let hosts: readonly Host[];
beforeAll(async () => {
  hosts = await Promise.all(FOLDERS.map(readHost));
});

interface Step {
  readonly kind: 'delete' | 'double' | 'swap' | 'move' | 'target' | 'number' | 'negate' | 'insert';
  readonly where: number;
  readonly what: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('delete', 'double', 'swap', 'move', 'target', 'number', 'negate', 'insert'),
  where: fc.nat(),
  what: fc.nat(),
});

const TARGETS = ['ACCEPT', 'DROP', 'RETURN', 'KUBE-MARK-MASQ'];

function applyStep(lines: readonly string[], { kind, where, what }: Step): readonly string[] {
  const places = lines.flatMap((line, i) => (line.startsWith('-A ') ? [i] : []));
  const at = places[where % places.length];
  if (at === undefined) return lines;
  const line = lines[at] as string;
  const put = (text: string) => lines.with(at, text);
  switch (kind) {
    case 'delete':
      return lines.toSpliced(at, 1);
    case 'double':
      return lines.toSpliced(at, 0, line);
    case 'swap': {
      const next = lines[at + 1];
      return next?.startsWith('-A ') ? lines.with(at, next).with(at + 1, line) : lines;
    }
    case 'move': {
      const first = lines.findIndex((each) => each.startsWith(`-A ${line.split(' ')[1]} `));
      return lines.toSpliced(at, 1).toSpliced(first, 0, line);
    }
    case 'target':
      return put(line.replace(/-j (ACCEPT|DROP|RETURN|KUBE-\S+)$/, `-j ${TARGETS[what % TARGETS.length]}`));
    case 'number': {
      const numbers = [...line.matchAll(/(?<=[ .:])\d+(?=[ ./:]|$)/g)];
      const number = numbers[what % Math.max(1, numbers.length)];
      if (number === undefined) return lines;
      return put(
        `${line.slice(0, number.index)}${(Number(number[0]) + 1) % 200}${line.slice(number.index + number[0].length)}`,
      );
    }
    case 'negate':
      return put(
        line.includes(' ! ') ? line.replace(' ! ', ' ') : line.replace(/ (-s|-d|--mark) /, ' ! $1 '),
      );
    case 'insert':
      return lines.toSpliced(at, 0, `-A ${line.split(' ')[1]} -j ${TARGETS[what % 3]}`);
  }
}

/** The Services whose packets fare otherwise, found without any comparison of rules. */
function differing({ view, intended, texts }: Host, tamper: Tamper): ReadonlySet<string> {
  const addresses = view.node.interfaceAddresses;
  const routes = ['0.0.0.0/0', '::/0'].map((network) => ({ network, device: OUTSIDE_DEVICE }));
  const prepare = (text: string) => prepareRules(parseSaved(text), { addresses, routes });
  const [before, after] = [prepare(intended.IPv4), prepare(tampered(texts.IPv4, tamper))];
  const found = new Set<string>();
  const family = view.families.IPv4;
  const nodeAddresses = addresses.filter((address) => !address.includes(':'));
  for (const port of family.servicePorts) {
    const scene = {
      family,
      node: view,
      nodeAddresses,
      networks: [],
      sockets: [],
      callingEndpoints: 24,
      onlyLocalEndpointsCall: false,
      device: OUTSIDE_DEVICE,
    };
    for (const { packet } of probesOf([port], scene)) {
      const told = (rules: typeof before) =>
        trace(rules, packet)
          .map(({ verdict, fraction }) => `${verdictKey(verdict)} ${formatFraction(fraction)}`)
          .sort()
          .join('\n');
      const now = told(after);
      if (told(before) !== now && !now.includes('cannot-tell'))
        found.add(`${port.servicePort.namespace}/${port.servicePort.serviceName}`);
    }
  }
  return found;
}

describe('a host that was tampered with at random', () => {
  it('is never called equal where a packet fares otherwise, and its Service is named', () => {
    fc.assert(
      fc.property(
        fc.nat(FOLDERS.length - 1),
        fc.array(step, { minLength: 1, maxLength: 3 }),
        (which, steps) => {
          const host = hosts[which] as Host;
          const tamper: Tamper = (lines) => steps.reduce(applyStep, lines);
          const diff = diffHost(host, tamper);
          const named = new Set(diff.services.map(({ namespace, name }) => `${namespace}/${name}`));
          const doubtful = diff.unknown.some(({ open }) => open);
          for (const service of differing(host, tamper)) {
            expect(diff.equal).toBe(false);
            if (!doubtful) expect([...named]).toContain(service);
          }
          const said = diff.services.length + diff.foreign.length + diff.unknown.length;
          if (!diff.equal) expect(said).toBeGreaterThan(0);
          for (const { changes } of diff.services) {
            expect(changes.length).toBeGreaterThan(0);
            for (const { consequence } of changes) expect(consequence).not.toMatch(/undefined|NaN|\[object/);
          }
        },
      ),
      { numRuns: 400 },
    );
  }, 120_000);
});
