/**
 * Prints the configuration of HAProxy (tried with 2.6) for service ports of TCP.
 *
 * In: frontends. Out: `haproxy.cfg`, a `listen` section for each. It stands in for the proxy of kube-proxy 1.25's mode
 * userspace: one endpoint after the other, clients with affinity stay with theirs, and a connection that fails goes on to the
 * next endpoint, four times in all.
 */
import { checked } from '../checked-text.ts';
import { checkedPlace, commentName, identifierOf } from './configuration-text.ts';
import { type Frontend, type Listener, placeText } from './frontend.ts';

/** Round robin is made for no more servers than this. */
const ROUND_ROBIN_LIMIT = 4095;

const DEFAULTS = `defaults
  mode tcp
  balance roundrobin
  # An endpoint that does not answer is left for the next one.
  retries 3
  option redispatch 1
  timeout connect 1s
  # kube-proxy ends no connection because it is silent: it only asks whether the other side is still there.
  timeout client 24d
  timeout server 24d
  option clitcpka
  option srvtcpka
`;

/** No port of any address: a name that only processes of this host could use. */
const NO_LISTENER = `
# HAProxy does not start without a listener; this one leads nowhere.
listen none
  bind abns@svcrules-none
`;

/** @param head lines of the comment at the top */
export function* printHAProxy(
  frontends: readonly Frontend[],
  head: readonly string[],
  bothFamilies: boolean,
): Generator<string> {
  const udp = frontends.filter(({ protocol }) => protocol === 'UDP');
  const lines = [...head, 'It does TCP only.'];
  if (udp.length > 0) lines.push('HAProxy does not proxy UDP; use nginx.conf for these:');
  lines.push(...udp.map(({ name, origin }) => `  ${commentName(name)}: ${origin}`));
  yield checked(lines.map((line) => `# ${line}\n`).join(''), lines.length);
  yield `\n${DEFAULTS}`;
  if (udp.length === frontends.length) yield NO_LISTENER;
  for (const frontend of frontends) {
    if (frontend.protocol === 'TCP') yield section(frontend, bothFamilies);
  }
}

function section(frontend: Frontend, bothFamilies: boolean): string {
  const { name, family, origin, listeners, endpoints, affinitySeconds } = frontend;
  const lines = [
    '',
    `# ${commentName(name)}: ${origin}`,
    `listen ${identifierOf(frontend, bothFamilies)}`,
    ...listeners.map((listener) => `  bind ${bindText(listener)}`),
  ];
  if (endpoints.length > ROUND_ROBIN_LIMIT) lines.push('  balance static-rr');
  if (affinitySeconds > 0) {
    lines.push(
      `  stick-table type ${family === 'IPv6' ? 'ipv6' : 'ip'} size 100k expire ${affinitySeconds}s`,
      '  stick on src',
    );
  }
  if (endpoints.length === 0) {
    lines.push('  # No endpoint is ready: connections are taken and closed, as kube-proxy does.');
  }
  for (const endpoint of endpoints) {
    const place = checkedPlace(endpoint);
    lines.push(`  server ${place.replace(/[[\]]/g, '')} ${place}`);
  }
  return checked(lines.map((line) => `${line}\n`).join(''), lines.length);
}

function bindText(listener: Listener): string {
  const place = checkedPlace(placeText(listener));
  return listener.address === '::' ? `${place} v6only` : place;
}
