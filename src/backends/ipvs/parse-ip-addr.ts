/**
 * Reads what `ip addr` prints of all devices or of one, in lines (`ip -o` as well) or as JSON. In: text of any origin. Out: the
 * addresses with the device that has them, and the lines of addresses that could not be read. Mirrors iproute2. Linear; never
 * throws.
 */
import { formatIP, parseIP } from '../../shared/ip.ts';
import type { BoundAddress, BoundAddresses, ListedProblem } from './listed.ts';
import { linesOf, readNumber } from './listed-lines.ts';

export function parseIPAddresses(text: string): BoundAddresses {
  return text.trimStart().startsWith('[') ? fromJSON(text) : fromLines(text);
}

/** The artifact `addresses`: one a line, all of one device. */
export function parseBoundAddresses(text: string, device: string): BoundAddresses {
  const addresses: BoundAddress[] = [];
  const problems: ListedProblem[] = [];
  for (const { line, text: content } of linesOf(text)) {
    const [written = '', length] = content.trim().split('/');
    if (written === '') continue;
    const address = bindAddress(device, written, length, line, content);
    if (typeof address === 'string') problems.push({ line, text: content, problem: address });
    else addresses.push(address);
  }
  return { addresses, problems };
}

/** A device's head stands above its addresses, or before each of them. */
function fromLines(text: string): BoundAddresses {
  const addresses: BoundAddress[] = [];
  const problems: ListedProblem[] = [];
  let device: string | undefined;
  for (const { line, text: content } of linesOf(text)) {
    const head = /^\d{1,10}: ([^\s@]{1,15}?):?(?=[\s@]|$)/.exec(content);
    if (head !== null) device = head[1];
    const [, written, length, peerLength] =
      /^(?:\d{1,10}: \S{1,40})?\s{1,40}inet6? ([^\s/]{1,50})(?:\/(\d{1,3}))?(?: peer [^\s/]{1,50}\/(\d{1,3}))?(?= |$)/.exec(
        content,
      ) ?? [];
    if (written === undefined) {
      if (/^(?:\d{1,10}: \S{1,40})?\s{1,40}inet/.test(content))
        problems.push({ line, text: content, problem: 'not an address' });
      continue;
    }
    const address = bindAddress(device, written, length ?? peerLength, line, content);
    if (typeof address === 'string') problems.push({ line, text: content, problem: address });
    else addresses.push(address);
  }
  return { addresses, problems };
}

function bindAddress(
  device: string | undefined,
  written: string,
  length: string | undefined,
  line: number,
  text: string,
): BoundAddress | string {
  const ip = parseIP(written);
  if (ip === undefined) return 'not an address';
  if (device === undefined) return 'an address of no device';
  const most = 8 * ip.length;
  const prefixLength = length === undefined ? most : readNumber(length, most);
  if (prefixLength === undefined) return 'not the length of a prefix';
  return { kind: 'bound-address', line, text, device, address: formatIP(ip), prefixLength };
}

interface JSONDevice {
  readonly ifname?: unknown;
  readonly addr_info?: unknown;
}

interface JSONAddress {
  readonly local?: unknown;
  readonly prefixlen?: unknown;
}

/** JSON has no lines that mean anything: all are said to stand in the first. */
function fromJSON(text: string): BoundAddresses {
  const addresses: BoundAddress[] = [];
  const problems: ListedProblem[] = [];
  const fail = (what: unknown, problem: string) =>
    problems.push({ line: 1, text: (JSON.stringify(what) ?? '').slice(0, 200), problem });
  let devices: unknown;
  try {
    devices = JSON.parse(text);
  } catch {
    fail(text.slice(0, 100), 'not JSON');
  }
  for (const device of Array.isArray(devices) ? (devices as readonly (JSONDevice | null)[]) : []) {
    const { ifname, addr_info: found } = device ?? {};
    for (const info of Array.isArray(found) ? (found as readonly (JSONAddress | null)[]) : []) {
      const { local, prefixlen } = info ?? {};
      const name = typeof ifname === 'string' ? ifname : undefined;
      const length = typeof prefixlen === 'number' ? `${prefixlen}` : undefined;
      const address = bindAddress(name, typeof local === 'string' ? local : '', length, 1, `${local}`);
      if (typeof address === 'string') fail(info, address);
      else addresses.push(address);
    }
  }
  return { addresses, problems };
}
