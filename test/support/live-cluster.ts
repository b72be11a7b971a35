/** Brings the objects of a cluster folder into a control plane, and prints what is there. */
import { join } from 'node:path';
import { DEFAULT_KINDS, readInput } from '../../src/input/read-input.ts';
import type { ControlPlane } from './control-plane.ts';

const KINDS = 'services,endpointslices,nodes,servicecidrs';
/** Cluster IPs of the fixtures that the control plane's own CIDRs do not have. */
const EXTRA_CIDRS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  '2001:db8::/32',
];

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly loadBalancerIP?: string };
  readonly status?: Readonly<Record<string, unknown>>;
}

const listOf = (items: readonly unknown[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const keyOf = ({ metadata: { namespace = 'default', name } }: Item): string => `${namespace}/${name}`;

/** To be called once, before the first cluster. */
export async function addServiceCIDRs({ kubectl }: ControlPlane): Promise<void> {
  const items = EXTRA_CIDRS.map((cidr, i) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: `extra-${i}` },
    spec: { cidrs: [cidr] },
  }));
  await kubectl(['create', '-f', '-'], listOf(items));
  // The API server learns of them as of any object, and never says when.
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/**
 * Puts the objects of a folder in the place of those that are there, and waits until the controllers are done. Objects
 * that the API server refuses are left out.
 */
export async function replaceCluster(plane: ControlPlane, folder: string): Promise<void> {
  const { kubectl } = plane;
  const others = ['--field-selector=metadata.name!=kubernetes', '--all-namespaces', '--wait'];
  await kubectl(['delete', 'services', ...others]);
  await kubectl(['delete', 'endpointslices,endpoints', '--all', '--all-namespaces']);
  await kubectl(['delete', 'nodes', '--all']);
  const filenames = [join(folder, 'cluster.yaml')];
  const source = await readInput({ filenames, recursive: false, stdin: [], kinds: DEFAULT_KINDS });
  const wanted = source.objects.filter(({ kind }) =>
    ['Service', 'EndpointSlice', 'Endpoints', 'Node'].includes(kind),
  );
  const items = wanted.map(({ object }) => object as unknown as Item);
  await kubectl(['create', '--validate=false', '-f', '-'], listOf(items)).catch(() => '');
  await reportStatus(plane, items);
  let before = '';
  for (;;) {
    const now = await dumpCluster(plane);
    if (now === before) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Says what the controller of load balancers would. */
async function reportStatus({ kubectl }: ControlPlane, items: readonly Item[]): Promise<void> {
  const services = items.filter(({ kind, status }) => kind === 'Service' && status !== undefined);
  const statuses = new Map(services.map((service) => [keyOf(service), service.status]));
  const stored = JSON.parse(await kubectl(['get', 'services', '-A', '-o', 'json'])).items as readonly Item[];
  const reported = stored.flatMap((service) => {
    const status = statuses.get(keyOf(service));
    return status === undefined ? [] : [{ ...service, status }];
  });
  if (reported.length === 0) return;
  await kubectl(['replace', '--subresource=status', '--validate=false', '-f', '-'], listOf(reported)).catch(
    () => '',
  );
}

/** What decides a node's rules, as `kubectl get -o json` prints it. */
export function dumpCluster({ kubectl }: ControlPlane): Promise<string> {
  return kubectl(['get', KINDS, '--all-namespaces', '-o', 'json']);
}
