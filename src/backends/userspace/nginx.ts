/**
 * Prints the configuration of nginx (1.15.6 and later, with its stream module; tried with 1.22) for service ports of TCP and UDP.
 *
 * In: frontends. Out: `nginx.conf`, an `upstream` and a `server` for each. It stands in for the proxy of kube-proxy 1.25's
 * mode userspace, except for session affinity, of which nginx keeps no record.
 */
import { checked } from '../checked-text.ts';
import { checkedPlace, commentName, identifierOf } from './configuration-text.ts';
import { type Frontend, placeText } from './frontend.ts';

const AFFINITY_NOTE = [
  "Session affinity is a hash of the client's address: nginx keeps no record of its clients. A client stays with an endpoint",
  "for ever, not until the Service's timeout is over; new clients do not go round; and when endpoints come or go, a few",
  'clients move to another one, although theirs is still there. HAProxy can do all that: see haproxy.cfg.',
];

/** Connections beside those that listen. */
const CONNECTIONS = 16384;

/**
 * @param head lines of the comment at the top
 * @param udpIdleTimeout milliseconds
 */
export function* printNginx(
  frontends: readonly Frontend[],
  head: readonly string[],
  bothFamilies: boolean,
  udpIdleTimeout: number,
): Generator<string> {
  const hasAffinity = frontends.some(({ affinitySeconds }) => affinitySeconds > 0);
  const lines = [...head, ...(hasAffinity ? AFFINITY_NOTE : [])];
  yield checked(lines.map((line) => `# ${line}\n`).join(''), lines.length);
  let listeners = 0;
  for (const frontend of frontends) listeners += frontend.listeners.length;
  yield main(listeners + CONNECTIONS);
  for (const frontend of frontends) yield section(frontend, bothFamilies, udpIdleTimeout);
  yield '}\n';
}

function main(connections: number): string {
  return `
# Where the stream module is not built in, its package puts a file there that loads it.
include /etc/nginx/modules-enabled/*.conf;
include /usr/share/nginx/modules/*.conf;

# Several workers would count the endpoints each for itself.
worker_processes 1;
events {
  worker_connections ${connections};
}

stream {
  # An endpoint that does not answer is left for the next one, and not forgotten.
  proxy_connect_timeout 1s;
  proxy_next_upstream on;
  proxy_next_upstream_tries 4;
  # kube-proxy ends no connection because it is silent.
  proxy_timeout 24d;
  proxy_socket_keepalive on;
`;
}

function section(frontend: Frontend, bothFamilies: boolean, udpIdleTimeout: number): string {
  const { name, protocol, origin, listeners, endpoints, affinitySeconds } = frontend;
  const identifier = identifierOf(frontend, bothFamilies);
  const udp = protocol === 'UDP' ? ' udp' : '';
  const lines = ['', `  # ${commentName(name)}: ${origin}`];
  if (endpoints.length > 0) {
    lines.push(`  upstream ${identifier} {`);
    if (affinitySeconds > 0) lines.push('    hash $remote_addr consistent;');
    lines.push(...endpoints.map((endpoint) => `    server ${checkedPlace(endpoint)} max_fails=0;`), '  }');
  }
  lines.push(
    '  server {',
    ...listeners.map((listener) => `    listen ${checkedPlace(placeText(listener))}${udp};`),
  );
  if (endpoints.length > 0) {
    lines.push(`    proxy_pass ${identifier};`);
    // Until then a client's datagrams go to the same endpoint.
    if (protocol === 'UDP') lines.push(`    proxy_timeout ${udpIdleTimeout}ms;`);
  } else {
    lines.push('    # No endpoint is ready: connections are taken and closed, as kube-proxy does.');
    lines.push('    return "";');
  }
  lines.push('  }');
  return checked(lines.map((line) => `${line}\n`).join(''), lines.length);
}
