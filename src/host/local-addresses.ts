/** In: what `ip addr` prints, in lines or as JSON. Out: the addresses on the interfaces. */
import { canonicalIP } from '../shared/ip.ts';

/** kube-proxy puts the cluster IPs there in ipvs mode; they are not the host's own. */
export const IPVS_INTERFACE = 'kube-ipvs0';

/** The addresses in canonical spelling, each once, without those of `kube-ipvs0`. */
export function readLocalAddresses(text: string): readonly string[] {
  const found = text.trimStart().startsWith('[') ? fromJson(text) : fromLines(text);
  const addresses = found
    .filter(([name]) => name !== IPVS_INTERFACE)
    .map(([, address]) => canonicalIP(address));
  return [...new Set(addresses.filter((address) => address !== undefined))];
}

type AddressOfInterface = readonly [name: string, address: string];

/** `2: eth0: <UP>…` over lines with `inet 10.0.0.1/24 …`, or both on one line as `ip -o addr` prints them. */
function fromLines(text: string): AddressOfInterface[] {
  const found: AddressOfInterface[] = [];
  let name = '';
  for (const line of text.split('\n')) {
    name = /^\d+: ([^\s:@]+)/.exec(line)?.[1] ?? name;
    const address = /^(?:\d+: \S+)?\s+inet6? ([^\s/]+)/.exec(line)?.[1];
    if (address !== undefined) found.push([name, address]);
  }
  return found;
}

interface JsonInterface {
  readonly ifname?: unknown;
  readonly addr_info?: unknown;
}

function fromJson(text: string): AddressOfInterface[] {
  const interfaces = JSON.parse(text) as readonly (JsonInterface | null)[];
  return interfaces.flatMap((each): AddressOfInterface[] => {
    const addresses = Array.isArray(each?.addr_info) ? (each.addr_info as readonly unknown[]) : [];
    return addresses.flatMap((info): AddressOfInterface[] => {
      const local = (info as { readonly local?: unknown } | null)?.local;
      return typeof local === 'string' ? [[String(each?.ifname), local]] : [];
    });
  });
}
