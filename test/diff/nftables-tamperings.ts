/**
 * Tamperings of worker-1's rules of mode nftables in fixtures/diffs/shop, and what each does to which Service. Each name
 * completes "after …".
 */
import type { Tamper } from './hosts.ts';
import { type ModeTampering, type Tampered, wholeBlock } from './mode-tampering.ts';
import { all, replaced, replacedText, swapped, without } from './tamper.ts';

const LIST = 'nftables.ipv4.list';

function tampering(name: string, tamper: Tamper, what: Tampered): ModeTampering {
  return { name, tampers: { [LIST]: tamper }, ...what };
}

/** A table of somebody else's. */
function beside(...table: readonly string[]): Tamper {
  return (lines) => [...lines, ...table];
}

export const NFTABLES_TAMPERINGS: readonly ModeTampering[] = [
  tampering(
    'an endpoint was taken out of a map',
    replacedText(
      'mod 3 map { 0 : 10.244.1.8 . 8080, 1 : 10.244.2.10 . 8080, 2 : 10.244.2.9 . 8080 }',
      'mod 2 map { 0 : 10.244.1.8 . 8080, 1 : 10.244.2.10 . 8080 }',
    ),
    {
      services: { 'prod/web': ['endpoint-missing'] },
      says: [
        '10.244.2.9:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there',
      ],
    },
  ),
  tampering('an element of a map was lost', replacedText(', 2 : 10.244.2.9 . 8080 }', ' }'), {
    services: { 'prod/web': ['delivery-rejected', 'delivery-lost', 'delivery-lost', 'endpoint-missing'] },
    says: ['1 in 3 new connections to prod/web:80 is refused'],
  }),
  tampering(
    'an endpoint was added to a map',
    replacedText(
      'mod 3 map { 0 : 10.244.1.8 . 8080, 1 : 10.244.2.10 . 8080, 2 : 10.244.2.9 . 8080 }',
      'mod 4 map { 0 : 10.244.1.8 . 8080, 1 : 10.244.2.10 . 8080, 2 : 10.244.2.9 . 8080, 3 : 10.1.2.3 . 8080 }',
    ),
    {
      services: { 'prod/web': ['endpoint-stale'] },
      says: ['1 in 4 new connections to prod/web:80 goes to 10.1.2.3:8080, which is no endpoint'],
    },
  ),
  tampering(
    'an endpoint was exchanged for another',
    replacedText('2 : 10.244.2.9 . 8080', '2 : 10.1.2.3 . 8080'),
    {
      services: { 'prod/web': ['endpoint-stale', 'endpoint-missing'] },
      says: ['1 in 3 new connections to prod/web:80 goes to 10.1.2.3:8080, which is no endpoint'],
    },
  ),
  tampering(
    'the port of an endpoint was changed',
    replacedText('2 : 10.244.2.9 . 8080', '2 : 10.244.2.9 . 8081'),
    {
      services: { 'prod/web': ['endpoint-stale', 'endpoint-missing'] },
      says: [
        '1 in 3 new connections to prod/web:80 goes to 10.244.2.9:8081, which is no endpoint: the port there is 8080',
      ],
    },
  ),
  tampering(
    'a map spreads unevenly',
    replacedText(
      'mod 3 map { 0 : 10.244.1.8 . 8080, 1',
      'mod 4 map { 0 : 10.244.1.8 . 8080, 3 : 10.244.1.8 . 8080, 1',
    ),
    {
      services: { 'prod/web': ['share-wrong', 'share-wrong', 'share-wrong'] },
      says: ['1 in 2 new connections to prod/web:80 goes to 10.244.1.8:8080; it should be 1 in 3'],
    },
  ),
  tampering(
    'the chain of an endpoint leads elsewhere',
    replacedText('dnat to 10.244.2.21:8080', 'dnat to 10.244.2.99:8080'),
    {
      services: { 'prod/sticky': ['endpoint-stale', 'endpoint-missing'] },
      says: ['1 in 3 new connections to prod/sticky:80 goes to 10.244.2.99:8080, which is no endpoint'],
    },
  ),
  tampering('the chain of an endpoint was emptied', without('dnat to 10.244.2.21:8080'), {
    services: { 'prod/sticky': ['delivery-rejected', 'endpoint-missing'] },
    says: ['1 in 3 new connections to prod/sticky:80 is refused'],
  }),
  tampering('the only endpoint was removed', without('dnat to 10.244.2.40:5432'), {
    services: { 'prod/db': ['delivery-rejected'] },
    says: ['every new connection to prod/db:5432 is refused'],
  }),
  tampering('the address of a Service was lost', without('10.96.14.7 . tcp . 80 :'), {
    services: { 'prod/web': ['address-lost'] },
    says: ['every new connection to prod/web:80 is refused'],
  }),
  tampering(
    'the address of a Service leads to another',
    replacedText(
      '10.96.3.20 . tcp . 5432 : goto service-XGPLCH32-prod/db/tcp/',
      '10.96.3.20 . tcp . 5432 : goto service-5O3K3WW6-prod/web/tcp/http',
    ),
    {
      services: { 'prod/db': ['endpoint-stale', 'endpoint-stale', 'endpoint-stale', 'endpoint-missing'] },
      says: ['1 in 3 new connections to prod/db:5432 goes to 10.244.1.8:8080, which is no endpoint'],
    },
  ),
  tampering(
    'a Service was added',
    all(
      replaced(
        '10.96.3.20 . tcp . 5432 : goto',
        (line) => `${line}\n			10.96.77.7 . tcp . 80 : goto service-AAAAAAAA-prod/gone/tcp/,`,
      ),
      replaced(
        /chain services \{/,
        (line) =>
          `chain service-AAAAAAAA-prod/gone/tcp/ {\n		meta l4proto tcp dnat to 10.244.9.9:80\n	}\n\n	${line.trim()}`,
      ),
    ),
    {
      services: { 'prod/gone': ['service-extra'] },
      says: [
        'there is no Service prod/gone with this port, and connections to 10.96.77.7:80 go to 10.244.9.9:80',
      ],
    },
  ),
  tampering('a node port was lost', without('tcp . 30080 :'), {
    services: { 'prod/web': ['node-port-lost'] },
    says: [
      'every new connection to node port 30080 of prod/web goes to that address itself, where no endpoint listens, and fails',
    ],
  }),
  tampering(
    'a node port was added',
    replaced(
      'tcp . 30080 : goto',
      (line) => `${line}\n			tcp . 31111 : goto external-5O3K3WW6-prod/web/tcp/http,`,
    ),
    {
      services: { 'prod/web': ['node-port-extra'] },
      says: [
        'every new connection to node port 31111 of prod/web is delivered to 10.244.1.8:8080, 10.244.2.10:8080, 10.244.2.9:8080; the Service does not have that address',
      ],
    },
  ),
  tampering('the addresses of node ports were lost', without(/^\t\t\t192\.168\.10\.11,$/), {
    services: {
      'prod/empty': ['rejection-lost'],
      'prod/lb': ['node-port-lost'],
      'prod/web': ['node-port-lost'],
    },
    says: [
      '3 service ports are affected, such as: every new connection to node port 30090 of prod/empty goes on to that address and whatever listens there; it should be refused at once',
      'every new connection to node port 30090 of prod/empty goes on to that address and whatever listens there; it should be refused at once',
    ],
    foreign: ['missing-rule'],
  }),
  tampering('a Service without endpoints is not refused', without('10.96.3.21 . tcp . 80 comment'), {
    services: { 'prod/empty': ['rules-only'] },
    says: ['1 rule differs; no packet that was traced is affected'],
  }),
  tampering('a node port without endpoints is not refused', without('tcp . 30090 comment'), {
    services: { 'prod/empty': ['rejection-lost'] },
    says: [
      'every new connection to node port 30090 of prod/empty goes on to that address and whatever listens there; it should be refused at once',
    ],
  }),
  tampering(
    'a Service with endpoints is refused',
    replaced(
      '10.96.3.21 . tcp . 80 comment',
      (line) => `${line}\n			10.96.3.20 . tcp . 5432 comment "prod/db" : goto reject-chain,`,
    ),
    {
      services: { 'prod/db': ['rules-only'] },
      says: ['1 rule differs; no packet that was traced is affected'],
    },
  ),
  tampering(
    'a Service without endpoints is dropped',
    replaced('10.96.3.21 . tcp . 80 comment', (line) => line.replace('goto reject-chain', 'drop')),
    {
      services: { 'prod/empty': ['rejection-lost'] },
      says: [
        'every new connection to prod/empty:80 is dropped and hangs until it times out; it should be refused at once',
      ],
    },
  ),
  tampering(
    'a source range was opened',
    replacedText('198.18.4.0/24, 198.18.6.0/24', '198.18.4.0/24, 198.18.6.0/24, 198.18.8.0/24'),
    {
      services: { 'prod/lb': ['source-range-opened'] },
      says: [
        'clients in 198.18.8.0/24 are let in, whatever the source ranges say: every new connection from clients in 198.18.8.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443',
      ],
    },
  ),
  tampering('a source range was closed', replacedText('198.18.4.0/24, 198.18.6.0/24', '198.18.4.0/24'), {
    services: { 'prod/lb': ['source-range-closed'] },
    says: [
      'clients in 198.18.6.0/24 are shut out: every new connection from clients in 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
    ],
  }),
  tampering('the firewall of a Service was lost', without('192.0.2.10 . tcp . 443 : goto firewall'), {
    services: { 'prod/lb': ['source-range-opened'] },
    says: [
      'everybody is let in, whatever the source ranges say: every new connection to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443, 10.244.2.31:8443',
    ],
  }),
  tampering(
    'the firewall drops all',
    replaced('ip saddr != { 198.18.4.0/24', () => '\t\tdrop'),
    {
      services: { 'prod/lb': ['source-range-closed'] },
      says: [
        'clients in 198.18.4.0/24, 198.18.6.0/24 are shut out: every new connection from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
      ],
    },
  ),
  tampering('the time of an affinity was changed', replacedText('timeout 1h', 'timeout 10m'), {
    services: { 'prod/sticky': ['affinity-timeout'] },
    says: ['a client of prod/sticky:80 keeps its endpoint for 600 s; it should be 3600 s'],
  }),
  tampering('clients are not remembered', without('update @affinity-'), {
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  }),
  tampering('clients are not looked up', without('ip saddr @affinity-'), {
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  }),
  tampering('outside traffic is not marked', without('"masquerade clusterIP traffic from outside cluster"'), {
    services: {
      'kube-system/dns': ['masquerade-lost'],
      'prod/agent': ['masquerade-lost'],
      'prod/db': ['masquerade-lost'],
      'prod/lb': ['masquerade-lost'],
      'prod/sticky': ['masquerade-lost'],
      'prod/web': ['masquerade-lost'],
    },
    says: [
      '6 service ports are affected, such as: every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
      'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['missing-rule'],
  }),
  tampering(
    'external traffic is not marked',
    without(/^\t\tmeta mark set meta mark \| 0x00004000 comment "masquerade"$/),
    {
      services: { 'prod/web': ['masquerade-lost', 'masquerade-lost'] },
      says: [
        'every new connection to external IP 203.0.113.7:80 of prod/web and node port 30080 of prod/web is not masqueraded: replies bypass the node and the connections hang',
      ],
    },
  ),
  tampering(
    'the chain that masquerades was emptied',
    without(/^\t\t(meta mark & 0x00004000|ct status dnat)/),
    {
      services: {
        'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
        'prod/agent': ['masquerade-lost', 'masquerade-lost'],
        'prod/db': ['masquerade-lost'],
        'prod/lb': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
        'prod/sticky': ['masquerade-lost', 'masquerade-lost'],
        'prod/web': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
      },
      says: [
        '6 service ports are affected, such as: every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
        'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
      ],
      foreign: ['missing-rule'],
    },
  ),
  tampering('a cluster IP is no longer known as one', without(/^\t\t\t10\.96\.14\.7,$/), {
    services: { 'prod/web': ['masquerade-lost'] },
    says: [
      'every new connection from clients outside the cluster and the node itself to prod/web:80 is not masqueraded: replies bypass the node and the connections hang',
    ],
  }),
  tampering(
    'an endpoint that calls itself is not masqueraded',
    without('10.244.1.8 . 10.244.1.8 . tcp . 8080'),
    {
      services: { 'prod/web': ['masquerade-lost'] },
      says: [
        '1 in 3 new connections from endpoints that call their own Service to prod/web:80 comes back to the endpoint with its own address as the source: its answers bypass the node and the connections hang',
      ],
    },
  ),
  tampering('cluster IPs are not guarded', without('ip daddr @cluster-ips reject'), {
    services: {},
    says: [
      'no connection to a port of a Service is affected; those to other ports of cluster IPs hang instead of being refused',
    ],
    foreign: ['missing-rule'],
  }),
  tampering(
    'the priority of a base chain was changed',
    replacedText(
      'type nat hook prerouting priority dstnat; policy accept;',
      'type nat hook prerouting priority dstnat + 20; policy accept;',
    ),
    {
      services: {},
      says: [
        'it should be "type nat hook prerouting priority -100; policy accept;": no packet that was traced is affected',
      ],
      foreign: ['declaration'],
    },
  ),
  tampering(
    'a base chain hangs at another hook',
    replacedText('type nat hook prerouting priority dstnat;', 'type nat hook input priority 100;'),
    {
      services: {
        'kube-system/dns': ['delivery-rejected'],
        'prod/agent': ['delivery-rejected'],
        'prod/db': ['delivery-rejected'],
        'prod/lb': ['address-lost', 'delivery-rejected'],
        'prod/sticky': ['delivery-rejected'],
        'prod/web': ['address-lost', 'delivery-rejected'],
      },
      says: [
        'it should be "type nat hook prerouting priority -100; policy accept;": 6 service ports are affected, such as: every new connection from clients outside the cluster and Pods to kube-system/dns:53 is refused',
        'every new connection from clients outside the cluster and Pods to kube-system/dns:53 is refused',
      ],
      foreign: ['declaration'],
    },
  ),
  tampering(
    'a base chain drops',
    replacedText(
      'type filter hook forward priority filter; policy accept;',
      'type filter hook forward priority filter; policy drop;',
    ),
    {
      services: {
        'kube-system/dns': ['delivery-dropped'],
        'prod/agent': ['delivery-dropped'],
        'prod/db': ['delivery-dropped'],
        'prod/lb': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
        'prod/sticky': ['delivery-dropped'],
        'prod/web': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
      },
      says: [
        'it should be "type filter hook forward priority 0; policy accept;": 6 service ports are affected, such as: every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out',
        'every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out',
      ],
      foreign: ['declaration'],
    },
  ),
  tampering('the jump to services was lost', without(/^\t\tjump services$/), {
    services: {
      'kube-system/dns': ['delivery-rejected'],
      'prod/agent': ['delivery-rejected'],
      'prod/db': ['delivery-rejected'],
      'prod/lb': ['address-lost', 'node-port-lost', 'delivery-rejected'],
      'prod/sticky': ['delivery-rejected'],
      'prod/web': ['address-lost', 'node-port-lost', 'delivery-rejected'],
    },
    says: [
      '6 service ports are affected, such as: every new connection to kube-system/dns:53 is refused',
      'every new connection to kube-system/dns:53 is refused',
    ],
    foreign: ['missing-rule'],
  }),
  tampering(
    'rules stand in another order',
    swapped('ip daddr @cluster-ips ip saddr !=', 'ip daddr . meta l4proto . th dport vmap @service-ips'),
    {
      services: {
        'kube-system/dns': ['masquerade-lost'],
        'prod/agent': ['masquerade-lost'],
        'prod/db': ['masquerade-lost'],
        'prod/lb': ['masquerade-lost'],
        'prod/sticky': ['masquerade-lost'],
        'prod/web': ['masquerade-lost'],
      },
      says: [
        'the rules stand in another order; 6 service ports are affected, such as: every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
        'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
      ],
      foreign: ['order'],
    },
  ),
  tampering(
    'the table is dormant',
    replacedText('comment "rules for kube-proxy"', 'comment "rules for kube-proxy"\n	flags dormant'),
    {
      services: {
        'kube-system/dns': ['address-lost'],
        'prod/agent': ['address-lost'],
        'prod/db': ['address-lost'],
        'prod/empty': ['rejection-lost', 'rejection-lost'],
        'prod/lb': ['address-lost', 'address-lost', 'node-port-lost', 'rejection-lost'],
        'prod/sticky': ['address-lost'],
        'prod/web': ['address-lost', 'address-lost', 'node-port-lost'],
      },
      says: [
        '7 service ports are affected, such as: every new connection to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
        'every new connection to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
      ],
      foreign: ['declaration'],
    },
  ),
  tampering('the table was lost', () => ['table ip other {', '}'], {
    services: {
      'kube-system/dns': ['service-missing'],
      'prod/agent': ['service-missing'],
      'prod/db': ['service-missing'],
      'prod/empty': ['rejection-lost', 'rejection-lost'],
      'prod/lb': ['service-missing'],
      'prod/sticky': ['service-missing'],
      'prod/web': ['service-missing'],
    },
    says: [
      '7 service ports are affected, such as: there are no rules for kube-system/dns: every new connection to its address (10.96.0.10:53) fails',
      'there are no rules for kube-system/dns: every new connection to its address (10.96.0.10:53) fails',
    ],
    foreign: ['missing-table'],
  }),
  tampering('a chain was flushed', wholeBlock('chain service-5O3K3WW6-prod/web/tcp/http', []), {
    services: { 'prod/web': ['address-lost', 'node-port-lost', 'delivery-rejected'] },
    says: [
      'every new connection to external IP 203.0.113.7:80 of prod/web goes to that address itself, where no endpoint listens, and fails',
    ],
  }),
  tampering(
    'another table drops what is forwarded',
    beside(
      'table inet guard {',
      '\tchain forward {',
      '\t\ttype filter hook forward priority filter; policy drop;',
      '\t\tct state established,related accept',
      '\t}',
      '}',
    ),
    {
      services: {
        'kube-system/dns': ['delivery-dropped'],
        'prod/agent': ['delivery-dropped'],
        'prod/db': ['delivery-dropped'],
        'prod/empty': ['rejection-lost'],
        'prod/lb': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
        'prod/sticky': ['delivery-dropped'],
        'prod/web': [
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
        ],
      },
      says: [
        '7 service ports are affected, such as: every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out',
        'every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out',
      ],
      foreign: ['policy'],
    },
  ),
  tampering(
    'another table drops traffic to endpoints',
    beside(
      'table inet guard {',
      '\tchain forward {',
      '\t\ttype filter hook forward priority filter; policy accept;',
      '\t\ttcp dport 8080 drop',
      '\t}',
      '}',
    ),
    {
      services: {
        'prod/sticky': ['delivery-dropped'],
        'prod/web': [
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
          'delivery-dropped',
        ],
      },
      says: [
        '2 service ports are affected, such as: every new connection from clients outside the cluster and Pods to prod/sticky:80 is dropped and hangs until it times out',
        'every new connection from clients outside the cluster and Pods to prod/sticky:80 is dropped and hangs until it times out',
      ],
      foreign: ['foreign-rule'],
    },
  ),
  tampering(
    'another table rejects a Service',
    beside(
      'table ip guard {',
      '\tchain pre {',
      '\t\ttype filter hook prerouting priority -150; policy accept;',
      '\t\tip daddr 10.96.14.7 tcp dport 80 reject',
      '\t}',
      '}',
    ),
    {
      services: { 'prod/web': ['delivery-rejected'] },
      says: ['every new connection from clients outside the cluster and Pods to prod/web:80 is refused'],
      foreign: ['foreign-rule'],
    },
  ),
  tampering(
    'another table translates first',
    beside(
      'table ip nat2 {',
      '\tchain pre {',
      '\t\ttype nat hook prerouting priority dstnat - 1; policy accept;',
      '\t\tip daddr 10.96.3.20 tcp dport 5432 dnat to 10.9.9.9:5432',
      '\t}',
      '}',
    ),
    {
      services: { 'prod/db': ['endpoint-stale', 'endpoint-missing'] },
      says: [
        'every new connection from clients outside the cluster and Pods to prod/db:5432 goes to 10.9.9.9:5432, which is no endpoint',
      ],
      foreign: ['foreign-rule'],
    },
  ),
];
