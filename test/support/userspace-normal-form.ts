/**
 * The normal form in which mode userspace is compared. In: text of `iptables-save`, or an `nginx.conf`. Out: the same rules
 * without what kube-proxy leaves random: the order of Services, and the local port of each proxy, for which the
 * ServicePortName stands; of `nginx.conf`, to which endpoints each service port is proxied.
 */
import { compareStrings } from '../../src/shared/ordering.ts';
import { canonicalIptablesSave } from './normal-form.ts';

const CHAINS = /^-A (KUBE-(?:PORTALS|NODEPORT)-\S+) /;
const NAME = /--comment "([^"]+)"/;
/** The proxy's port is where REDIRECT and DNAT lead, and what KUBE-NODEPORT-NON-LOCAL lets in. */
const PROXY_PORT =
  /(?<=--to-ports |--to-destination \S+:)[0-9]+(?=$)|(?<=-A KUBE-NODEPORT-NON-LOCAL .*--dport )[0-9]+/;

export function canonicalUserspace(text: string): string {
  return text.includes('\nstream {\n') ? canonicalNginx(text) : canonicalUserspaceSave(text);
}

/** How a service port is proxied, on a line: `prod/web:http TCP affinity 10.0.0.1:80 10.0.0.2:80`. */
export function proxiedLine(
  name: string,
  protocol: string,
  hasAffinity: boolean,
  endpoints: readonly string[],
): string {
  const sorted = [...new Set(endpoints)].sort(compareStrings);
  return [name, protocol, ...(hasAffinity ? ['affinity'] : []), ...sorted].join(' ');
}

function canonicalNginx(text: string): string {
  const sections = text.split(/^ {2}# (?=\S+: (?:TCP|UDP) )/m).slice(1);
  const lines = sections.map((section) => {
    const [, name = '', protocol = ''] = /^(\S+): (TCP|UDP) /.exec(section) ?? [];
    const endpoints = [...section.matchAll(/^ {4}server (\S+) /gm)].map(([, endpoint = '']) => endpoint);
    return proxiedLine(name, protocol, section.includes('hash $remote_addr'), endpoints);
  });
  return lines
    .sort(compareStrings)
    .map((line) => `${line}\n`)
    .join('');
}

/** @throws where a service port has two proxy ports, or two have one */
export function canonicalUserspaceSave(text: string): string {
  const byName = new Map<string, string>();
  const byPort = new Map<string, string>();
  const lines = canonicalIptablesSave(text)
    .split('\n')
    .map((line): Line => {
      const [, chain] = CHAINS.exec(line) ?? [];
      const [, name] = NAME.exec(line) ?? [];
      if (chain === undefined || name === undefined) return { line, chain: undefined, name: '' };
      const replaced = line.replace(PROXY_PORT, (port) => {
        if ((byName.get(name) ?? port) !== port || (byPort.get(port) ?? name) !== name) {
          throw new Error(`${name}: proxy port ${port} is not its own: ${line}`);
        }
        byName.set(name, port);
        byPort.set(port, name);
        return `PORT(${name})`;
      });
      return { line: replaced, chain, name };
    });
  return sortedWithinChains(lines).join('\n');
}

interface Line {
  readonly line: string;
  readonly chain: string | undefined;
  readonly name: string;
}

/** Stable: the rules of a service port keep their order. */
function sortedWithinChains(lines: readonly Line[]): readonly string[] {
  const sorted: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const { chain } = lines[at] as Line;
    let end = at + 1;
    while (chain !== undefined && lines[end]?.chain === chain) end++;
    const run = lines.slice(at, end).sort((a, b) => compareStrings(a.name, b.name));
    sorted.push(...run.map(({ line }) => line));
    at = end;
  }
  return sorted;
}
