/**
 * What a difference does to one service port. In: what is known of it, and the tracers of both sides. Out: its changes, and
 * the observations from which they follow.
 */
import { affinityChanges } from './affinity-changes.ts';
import type { Change, ChangeKind } from './change.ts';
import { connectionChanges } from './connection-changes.ts';
import { deliveryChanges } from './delivery-changes.ts';
import { endpointChanges } from './endpoint-changes.ts';
import { socketText } from './fate.ts';
import { type Line, lineFacts } from './line.ts';
import { type Devices, type Observation, type Tracers, UNNAMED_DEVICES } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import { type Probe, type ProbeScene, probesOf, serviceAddresses } from './probes.ts';
import { sourceChanges } from './source-changes.ts';
import { listed } from './wording.ts';

export interface PortChanges {
  readonly changes: readonly Change[];
  readonly observations: readonly Observation[];
}

export interface PortQuestion {
  readonly facts: PortFacts;
  readonly scene: ProbeScene;
  readonly tracers: Tracers;
  /** The host has chains of the service port. */
  readonly hasChains: boolean;
  /** Devices that rules name which differ. */
  readonly devices: readonly string[];
  /** Rules about packets of open connections differ. */
  readonly established: boolean;
}

export function portChanges(question: PortQuestion): PortChanges {
  const { facts, scene, tracers, devices } = question;
  const views = [facts.intended, facts.actual].filter((view) => view !== undefined);
  const probes = probesOf(views, scene);
  const isEndpoint = (socket: string) =>
    facts.endpoints.has(socket) ||
    (facts.actual?.traffic.reachableEndpoints ?? []).some(({ address }) => address === socket);
  const observe = (each: Probe, by: Devices) => tracers.observe(each, isEndpoint, by);
  const observations = probes.map((probe) => observe(probe, UNNAMED_DEVICES));
  const changes = [...changesOf(observations, facts), ...affinityChanges(probes, tracers, facts)];
  if (question.established) {
    const open = connectionChanges(observations, tracers, facts);
    changes.push(...open.changes);
    observations.push(...open.observations);
  }
  if (changes.length === 0) {
    for (const by of devices.flatMap(waysBy)) {
      const again = probesOf(views, { ...scene, device: by.input }).map((probe) => observe(probe, by));
      const found = changesOf(again, facts).map((change) => throughDevice(change, by));
      changes.push(...found);
      observations.push(...again);
      if (found.length > 0) break;
    }
  }
  changes.push(...healthCheckChanges(facts));
  return { changes: inOrder(withoutEmptiness(changes, question)), observations };
}

/** What hurts most comes first. */
const ORDER: readonly ChangeKind[] = [
  'service-missing',
  'service-extra',
  'endpoint-stale',
  'address-lost',
  'node-port-lost',
  'delivery-rejected',
  'delivery-dropped',
  'delivery-lost',
  'endpoint-missing',
  'policy-changed',
  'share-wrong',
  'source-range-closed',
  'source-range-opened',
  'address-extra',
  'node-port-extra',
  'rejection-lost',
  'rejection-added',
  'masquerade-lost',
  'masquerade-added',
];

function inOrder(changes: readonly Change[]): readonly Change[] {
  const place = ({ kind }: Change) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  return [...changes].sort((a, b) => place(a) - place(b));
}

function changesOf(observations: readonly Observation[], facts: PortFacts): Change[] {
  if (observations.every(({ same }) => same)) return [];
  return [
    ...deliveryChanges(observations, facts),
    ...endpointChanges(observations, facts),
    ...sourceChanges(observations, facts),
  ];
}

function waysBy(device: string): readonly Devices[] {
  return [
    { ...UNNAMED_DEVICES, input: device },
    { ...UNNAMED_DEVICES, output: device },
  ];
}

function throughDevice(change: Change, { input, output }: Devices): Change {
  const way = input === UNNAMED_DEVICES.input ? `leave by ${output}` : `come in by ${input}`;
  return { ...change, consequence: `${change.consequence} (packets that ${way})` };
}

/** Without these rules the port is open as long as nobody else shuts it, so no packet shows that they are missing. */
function healthCheckChanges({ missing, extra, info }: PortFacts): readonly Change[] {
  const port = info.healthCheckNodePort;
  const isCheck = (line: Line) => lineFacts(line).letsHealthChecksIn;
  const service = `${info.namespace}/${info.serviceName}`;
  if (missing.some(isCheck)) {
    const consequence = `health checks of ${service} at port ${port} are not let in ahead of the host's firewall: where that drops them, the load balancer sends this node 0 connections`;
    return [{ kind: 'health-check-node-port', port, consequence }];
  }
  if (!extra.some(isCheck)) return [];
  const consequence = `a port for health checks of ${service} is let in that it does not have`;
  return [{ kind: 'health-check-node-port', port, consequence }];
}

/** One sentence for a Service that only the other side has. */
function serviceExtra([first, ...others]: readonly Change[], { info }: PortFacts): Change {
  const more = others.length === 0 ? '' : `, and the like at ${others.length} more addresses`;
  const consequence = `there is no Service ${info.namespace}/${info.serviceName} with this port, and ${first?.consequence}${more}`;
  return { kind: 'service-extra', consequence, ...(first?.packet && { packet: first.packet }) };
}

/** One sentence for a Service of which the host has nothing. */
function withoutEmptiness(
  changes: readonly Change[],
  { facts, scene, hasChains }: PortQuestion,
): readonly Change[] {
  const { intended, info } = facts;
  if (intended === undefined) return changes.length === 0 ? [] : [serviceExtra(changes, facts)];
  const lost = withoutRepetition(
    changes.filter(({ kind }) => kind === 'address-lost' || kind === 'node-port-lost'),
  );
  const isNodePort = (kind: string) => kind === 'node-port';
  const addresses = serviceAddresses(intended, scene);
  const expected =
    addresses.filter(({ kind }) => !isNodePort(kind)).length +
    (addresses.some(({ kind }) => isNodePort(kind)) ? 1 : 0);
  if (hasChains || lost.length === 0 || lost.length < expected) return changes;
  const service = `${info.namespace}/${info.serviceName}`;
  const what = lost.map((change) =>
    'addressKind' in change
      ? isNodePort(change.addressKind)
        ? `node port ${change.port}`
        : socketText(change)
      : '',
  );
  const consequence = `there are no rules for ${service}: every new connection to its ${lost.length === 1 ? 'address' : `${lost.length} addresses`} (${listed(what)}) fails`;
  const { packet } = lost[0] as Change;
  return [{ kind: 'service-missing', consequence, ...(packet && { packet }) }];
}

/** An address may be lost to several kinds of clients, in a change for each. */
function withoutRepetition(changes: readonly Change[]): readonly Change[] {
  const keyOf = (change: Change) => ('addressKind' in change ? `${change.address} ${change.port}` : '');
  return [...new Map(changes.map((change) => [keyOf(change), change])).values()];
}
