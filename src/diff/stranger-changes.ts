/**
 * What a Service does that the host has rules for and the intended rules have not. In: its rules, and the tracers. Out: one
 * change, with where its connections go.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { formatFraction } from '../trace/fraction.ts';
import type { Stranger } from './attribute.ts';
import type { Change, ServiceChanges } from './change.ts';
import { socketText } from './fate.ts';
import { lineFacts } from './line.ts';
import { type Tracers, UNNAMED_DEVICES } from './observe.ts';
import { OUTSIDE_DEVICE, type ProbeScene } from './probes.ts';
import { listed } from './wording.ts';

export function strangerChanges(
  family: IPFamily,
  stranger: Stranger,
  tracers: Tracers,
  scene: ProbeScene,
): ServiceChanges {
  const { namespace, name, portName, protocol, port } = stranger;
  const sockets = new Set(stranger.lines.flatMap((line) => lineFacts(line).socket ?? []));
  const told = [...sockets].map((socket) => describe(socket, tracers, scene));
  const change: Change = {
    kind: 'service-extra',
    consequence: `there is no Service ${namespace}/${name} with this port, and ${told.length === 0 ? 'rules for it' : listed(told)}`,
  };
  return {
    namespace,
    name,
    portName,
    port,
    protocol,
    family,
    clusterIP: undefined,
    nodePort: 0,
    changes: [change],
  };
}

function describe(socket: string, tracers: Tracers, { nodeAddresses, family }: ProbeScene): string {
  const [address, protocol, port] = socket.split(' ') as [string, 'tcp' | 'udp' | 'sctp', string];
  const isNodePort = address === '*';
  const destination = isNodePort ? (nodeAddresses[0] as string) : address;
  const where = isNodePort ? `node port ${port}` : socketText({ address, port: Number(port) });
  if (address.includes('/')) return `rules for ${address}`;
  const outcomes = tracers.trace(
    'actual',
    {
      protocol,
      source: family.family === 'IPv6' ? '2001:db8:ffff::201' : '198.51.100.201',
      sourcePort: 40000,
      destination,
      destinationPort: Number(port),
      arrival: { kind: 'device', name: OUTSIDE_DEVICE },
      bridged: false,
    },
    UNNAMED_DEVICES,
  );
  const ends = outcomes.map(({ verdict, fraction }) => {
    switch (verdict.kind) {
      case 'delivered': {
        const to = socketText(verdict.destination);
        if (to === where) return 'nowhere';
        return outcomes.length === 1 ? `to ${to}` : `to ${to} (${formatFraction(fraction)})`;
      }
      case 'rejected':
        return 'nowhere: they are refused';
      case 'dropped':
        return 'nowhere: they are dropped';
      case 'cannot-tell':
        return 'where nobody can tell';
      default:
        return verdict satisfies never;
    }
  });
  return `connections to ${where} go ${listed(ends)}`;
}
