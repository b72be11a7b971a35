/** Shows what becomes of a packet as JSON. In: a traced packet, and where its objects were written. Out: a value. */
import { type Fraction, formatFraction } from '../trace/fraction.ts';
import type { Outcome, Verdict } from '../trace/outcome.ts';
import { formatSocket } from '../trace/packet-ends.ts';
import { chainOf, ruleText, type Step } from '../trace/step.ts';
import type { TracedPacket } from '../trace/traced-packet.ts';
import type { ManifestLines } from './manifest-lines.ts';

export function traceJson(traced: TracedPacket, lines: ManifestLines | undefined): unknown {
  const { node, release, family, protocol, packet, who, service, sides, parting, notes } = traced;
  const info = service?.view.servicePort;
  return {
    node,
    ...(release === undefined ? {} : { release }),
    family,
    packet: {
      protocol,
      source: packet.source,
      ...(who === '' ? {} : { from: who }),
      destination: packet.destination,
      port: packet.destinationPort,
      arrival: packet.arrival.kind,
    },
    ...(service === undefined || info === undefined
      ? {}
      : { service: { ...nameOf(info), way: service.way, ...spread('origin', lines?.servicePort(info)) } }),
    ...(sides.length > 1 ? { equal: parting === undefined } : {}),
    sides: sides.map(({ kind, name, outcomes }) => ({
      kind,
      name,
      outcomes: outcomes.map((outcome) => outcomeJson(traced, lines, outcome)),
    })),
    ...(parting === undefined
      ? {}
      : {
          parting: {
            before: parting.before.map((step) => stepJson(traced, lines, step)),
            intended: parting.intended ? stepJson(traced, lines, parting.intended) : null,
            actual: parting.actual ? stepJson(traced, lines, parting.actual) : null,
          },
        }),
    notes,
  };
}

function outcomeJson(traced: TracedPacket, lines: ManifestLines | undefined, outcome: Outcome): unknown {
  const { fraction, verdict, path } = outcome;
  return {
    fraction: exact(fraction),
    share: formatFraction(fraction),
    ...verdictJson(verdict),
    path: path.map((step) => stepJson(traced, lines, step)),
  };
}

/** In lowest terms: `1/2`, `1`. */
export function exact({ numerator, denominator }: Fraction): string {
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

export function verdictJson(verdict: Verdict): Readonly<Record<string, unknown>> {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, local, source } = verdict;
      const to = source.kind === 'snat' ? { to: source.to } : {};
      return {
        verdict: verdict.kind,
        destination: formatSocket(destination),
        local,
        source: source.kind,
        ...to,
      };
    }
    case 'rejected':
      return { verdict: verdict.kind, with: verdict.with };
    case 'dropped':
      return { verdict: verdict.kind };
    case 'cannot-tell': {
      const { kind, reason, step } = verdict;
      return {
        verdict: kind,
        reason,
        ...(step === undefined ? {} : { table: step.table, rule: ruleText(step.rule) }),
      };
    }
    default:
      return verdict satisfies never;
  }
}

function stepJson(traced: TracedPacket, lines: ManifestLines | undefined, step: Step): unknown {
  const { servicePort, endpoint } = traced.hop(step);
  const info = servicePort?.servicePort;
  const facts = info && endpoint && lines?.endpoint(info, traced.family, endpoint.address);
  return {
    table: step.table,
    hook: step.hook,
    chain: chainOf(step),
    rule: ruleText(step.rule),
    ...spread('realServer', step.realServer?.text),
    ...(info === undefined
      ? {}
      : { service: { ...nameOf(info), ...spread('origin', lines?.servicePort(info)) } }),
    ...(endpoint === undefined
      ? {}
      : {
          endpoint: {
            address: endpoint.address,
            ...spread('pod', facts?.pod),
            ...spread('node', facts?.nodeName || undefined),
            ...spread('origin', facts?.line),
          },
        }),
  };
}

function nameOf({
  namespace,
  serviceName,
  portName,
}: {
  readonly namespace: string;
  readonly serviceName: string;
  readonly portName: string;
}) {
  return { namespace, name: serviceName, port: portName };
}

function spread(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [key]: value };
}
