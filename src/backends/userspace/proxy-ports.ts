/**
 * Gives each service port the local port on which its proxy listens.
 *
 * In: ServicePortNames, the configured range, ports that are in use. Out: a port for each name. kube-proxy 1.25 takes a free
 * port at random (within `--proxy-port-range`, else where the kernel likes). Here the port is a hash of the name, so that the
 * same objects give the same rules on every node, and a Service that is added moves another only where their hashes meet.
 */
import type { ProxyPortRange } from '../../proxy/userspace-configuration.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compareStrings } from '../../shared/ordering.ts';

/** Below node ports and the ports that kernels take for connections of their own (32768 to 60999). */
const DEFAULT_RANGE: ProxyPortRange = { first: 10000, last: 29999 };

/** Where kubelet, kube-proxy, scheduler and controller manager listen. */
const KUBERNETES_PORTS: ProxyPortRange = { first: 10248, last: 10260 };

/** How often another hash is tried before the next free port is taken. */
const TRIES = 8;

/**
 * @param taken node ports, which are open on this host too
 * @throws OperationalError where the range is too small; kube-proxy would leave some Services without a proxy
 */
export function allocateProxyPorts(
  names: readonly string[],
  configured: ProxyPortRange | undefined,
  taken: Iterable<number>,
): ReadonlyMap<string, number> {
  const range = configured ?? DEFAULT_RANGE;
  const used = new Set(taken);
  if (configured === undefined) {
    for (let port = KUBERNETES_PORTS.first; port <= KUBERNETES_PORTS.last; port++) used.add(port);
  }
  let free = range.last - range.first + 1;
  for (const port of used) if (port >= range.first && port <= range.last) free--;
  if (names.length > free) {
    throw new OperationalError(
      `${names.length} service ports need a local proxy port each, and ${range.first}-${range.last} has ${free}; ` +
        'name a larger range with --proxy-port-range',
    );
  }
  const ports = new Map<string, number>();
  for (const name of [...names].sort(compareStrings)) {
    const port = choose(name, range, used);
    used.add(port);
    ports.set(name, port);
  }
  return ports;
}

function choose(name: string, { first, last }: ProxyPortRange, used: ReadonlySet<number>): number {
  const size = last - first + 1;
  for (let i = 0; i < TRIES; i++) {
    const candidate = first + (hash(i === 0 ? name : `${name}#${i}`) % size);
    if (!used.has(candidate)) return candidate;
  }
  let candidate = first + (hash(name) % size);
  while (used.has(candidate)) candidate = candidate === last ? first : candidate + 1;
  return candidate;
}

/** FNV-1a, 32 bits, of the UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
