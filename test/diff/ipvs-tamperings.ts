/** Tamperings of worker-1 in mode ipvs in fixtures/diffs/shop, and what each does to which Service. Each name completes "after …". */
import type { Tamper } from './hosts.ts';
import type { OutputName } from './mode-hosts.ts';
import type { ModeTampering, Tampered } from './mode-tampering.ts';
import { all, appended, inserted, replaced, replacedText, swapped, without } from './tamper.ts';

function tampering(name: string, output: OutputName, tamper: Tamper, what: Tampered): ModeTampering {
  return { name, tampers: { [output]: tamper }, ...what };
}

const SERVERS = 'ipvs.ipvsadm';
const SETS = 'ipvs.ipset.save';
const ADDRESSES = 'ipvs.addrs';
const RULES = 'ipvs.ipv4.save';

/** A line behind all others. */
function added(...more: readonly string[]): Tamper {
  return (lines) => [...lines, ...more];
}

export const IPVS_TAMPERINGS: readonly ModeTampering[] = [
  tampering('a virtual server was lost', SERVERS, without('-t 10.96.14.7:80'), {
    services: { 'prod/web': ['address-lost'] },
    says: [
      'every new connection to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  }),
  tampering('the virtual server of a node port was lost', SERVERS, without('-t 192.168.10.11:30080'), {
    services: { 'prod/web': ['node-port-lost'] },
    says: [
      'every new connection to node port 30080 of prod/web goes to that address itself, where no endpoint listens, and fails',
    ],
  }),
  tampering('all virtual servers were cleared', SERVERS, () => [], {
    services: {
      'kube-system/dns': ['service-missing'],
      'prod/agent': ['service-missing'],
      'prod/db': ['service-missing'],
      'prod/empty': ['rejection-lost', 'rejection-lost'],
      'prod/lb': ['service-missing'],
      'prod/sticky': ['service-missing'],
      'prod/web': ['service-missing', 'service-missing'],
    },
    says: [
      'there are no rules for kube-system/dns: every new connection to its address (10.96.0.10:53) fails',
    ],
  }),
  tampering(
    'a virtual server was added',
    SERVERS,
    added('-A -t 10.96.77.7:80 -s rr', '-a -t 10.96.77.7:80 -r 10.244.9.9:80 -m -w 1'),
    {
      services: {},
      says: ['no Service is at 10.96.77.7:80, and connections to it go to 10.244.9.9:80'],
      foreign: ['extra-rule'],
    },
  ),
  tampering(
    'a virtual server was added at an address of a Service',
    SERVERS,
    added('-A -t 10.96.14.7:81 -s rr', '-a -t 10.96.14.7:81 -r 10.244.9.9:80 -m -w 1'),
    {
      services: {},
      says: ['no Service is at 10.96.14.7:81, and connections to it go to 10.244.9.9:80'],
      foreign: ['extra-rule'],
    },
  ),
  tampering('a real server was lost', SERVERS, without('-t 10.96.14.7:80 -r 10.244.2.9:8080'), {
    services: { 'prod/web': ['endpoint-missing'] },
    says: ['10.244.2.9:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there'],
  }),
  tampering('a real server is stale', SERVERS, added('-a -t 10.96.14.7:80 -r 10.1.2.3:8080 -m -w 1'), {
    services: { 'prod/web': ['endpoint-stale'] },
    says: ['1 in 4 new connections to prod/web:80 goes to 10.1.2.3:8080, which is no endpoint'],
  }),
  tampering(
    'a real server has another port',
    SERVERS,
    replacedText('-t 10.96.14.7:80 -r 10.244.2.9:8080', '-t 10.96.14.7:80 -r 10.244.2.9:8081'),
    {
      services: { 'prod/web': ['endpoint-stale', 'endpoint-missing'] },
      says: [
        '1 in 3 new connections to prod/web:80 goes to 10.244.2.9:8081, which is no endpoint: the port there is 8080',
      ],
    },
  ),
  tampering('the only real server was lost', SERVERS, without('-t 10.96.3.20:5432 -r'), {
    services: { 'prod/db': ['delivery-rejected'] },
    says: ['every new connection to prod/db:5432 is refused'],
  }),
  tampering(
    'a weight was set to 0',
    SERVERS,
    replacedText(
      '-t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 1',
      '-t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 0',
    ),
    {
      services: { 'prod/web': ['endpoint-missing'] },
      says: [
        '10.244.2.9:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there',
      ],
    },
  ),
  tampering(
    'a weight was changed',
    SERVERS,
    replacedText(
      '-t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 1',
      '-t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 2',
    ),
    {
      services: { 'prod/web': ['rules-only'] },
      says: [
        '1 rule differs (-a -t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 2 instead of -a -t 10.96.14.7:80 -r 10.244.2.9:8080 -m -w 1); no packet that was traced is affected',
      ],
    },
  ),
  tampering(
    'all weights were set to 0',
    SERVERS,
    replaced('-t 10.96.14.7:80 -r', (line) => line.replace('-w 1', '-w 0')),
    {
      services: { 'prod/web': ['delivery-rejected'] },
      says: ['every new connection to prod/web:80 is refused'],
    },
  ),
  tampering(
    'the scheduler was changed',
    SERVERS,
    replacedText('-A -t 10.96.14.7:80 -s rr', '-A -t 10.96.14.7:80 -s sh'),
    {
      services: { 'prod/web': ['rules-only'] },
      says: [
        '1 rule differs (-A -t 10.96.14.7:80 -s sh instead of -A -t 10.96.14.7:80 -s rr); no packet that was traced is affected',
      ],
    },
  ),
  tampering(
    'the scheduler was changed to one that asks for weights',
    SERVERS,
    replacedText('-A -t 10.96.14.7:80 -s rr', '-A -t 10.96.14.7:80 -s wrr'),
    {
      services: { 'prod/web': ['rules-only'] },
      says: [
        '1 rule differs (-A -t 10.96.14.7:80 -s wrr instead of -A -t 10.96.14.7:80 -s rr); no packet that was traced is affected',
      ],
    },
  ),
  tampering('persistence was changed', SERVERS, replacedText('-p 3600', '-p 60'), {
    services: { 'prod/sticky': ['affinity-timeout'] },
    says: ['a client of prod/sticky:80 keeps its endpoint for 60 s; it should be 3600 s'],
  }),
  tampering('persistence was lost', SERVERS, replacedText(' -p 3600', ''), {
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  }),
  tampering(
    'persistence was added',
    SERVERS,
    replacedText('-A -t 10.96.14.7:80 -s rr', '-A -t 10.96.14.7:80 -s rr -p 300'),
    {
      services: { 'prod/web': ['affinity-added'] },
      says: [
        'a client that connects again to prod/web:80 within 300 s keeps its endpoint; it should be sent to any of 3',
      ],
    },
  ),
  tampering(
    'a real server is routed to',
    SERVERS,
    replacedText('-t 10.96.14.7:80 -r 10.244.2.9:8080 -m', '-t 10.96.14.7:80 -r 10.244.2.9:8080 -g'),
    {
      services: { 'prod/web': ['delivery-lost', 'endpoint-missing'] },
      says: [
        '1 in 3 new connections to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
      ],
    },
  ),
  tampering('an address is not on kube-ipvs0', ADDRESSES, without('10.96.14.7'), {
    services: { 'prod/web': ['address-lost'] },
    says: [
      'every new connection from clients outside the cluster and Pods to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  }),
  tampering('an address is on kube-ipvs0 that no Service has', ADDRESSES, added('10.96.99.9'), {
    services: {},
    says: ['the node takes what comes for 10.96.99.9, which no Service has, for its own'],
    foreign: ['extra-rule'],
  }),
  tampering('a cluster IP is not in its set', SETS, without('add KUBE-CLUSTER-IP 10.96.14.7,tcp:80'), {
    services: { 'prod/web': ['delivery-rejected', 'masquerade-lost'] },
    says: ['every new connection from clients outside the cluster and Pods to prod/web:80 is refused'],
  }),
  tampering(
    'a cluster IP is in its set that no Service has',
    SETS,
    added('add KUBE-CLUSTER-IP 10.96.99.9,tcp:80'),
    { services: {}, says: ['no packet that was traced is affected'], foreign: ['extra-rule'] },
  ),
  tampering('an external IP is not in its set', SETS, without('add KUBE-EXTERNAL-IP 203.0.113.7'), {
    services: { 'prod/web': ['delivery-rejected', 'masquerade-lost'] },
    says: [
      'every new connection from clients outside the cluster and Pods to external IP 203.0.113.7:80 of prod/web is refused',
    ],
  }),
  tampering('a load balancer is not in its set', SETS, without('add KUBE-LOAD-BALANCER 192.0.2.10'), {
    services: { 'prod/lb': ['source-range-closed', 'rejection-lost'] },
    says: [
      'clients in 198.18.4.0/24, 198.18.6.0/24 are shut out: every new connection from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is refused',
    ],
  }),
  tampering(
    'a load balancer is not in the set of local ones',
    SETS,
    without('add KUBE-LOAD-BALANCER-LOCAL 192.0.2.10'),
    {
      services: { 'prod/lb': ['masquerade-added'] },
      says: [
        "every new connection from the node itself to load-balancer IP 192.0.2.10:443 of prod/lb is masqueraded: endpoints see the node's address, the client's is lost",
      ],
    },
  ),
  tampering(
    'a load balancer is not behind the firewall',
    SETS,
    without('add KUBE-LOAD-BALANCER-FW 192.0.2.10'),
    {
      services: { 'prod/lb': ['source-range-opened'] },
      says: [
        'every new connection from clients outside the cluster and Pods to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443, whatever the source ranges say',
      ],
    },
  ),
  tampering('a source range was closed', SETS, without('198.18.6.0/24'), {
    services: { 'prod/lb': ['source-range-closed'] },
    says: [
      'clients in 198.18.6.0/24 are shut out: every new connection from clients in 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
    ],
  }),
  tampering(
    'a source range was opened',
    SETS,
    added('add KUBE-LOAD-BALANCER-SOURCE-CIDR 192.0.2.10,tcp:443,198.18.8.0/24'),
    {
      services: { 'prod/lb': ['source-range-opened'] },
      says: [
        'clients in 198.18.8.0/24 are let in, whatever the source ranges say: every new connection from clients in 198.18.8.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443',
      ],
    },
  ),
  tampering('a node port is not in its set', SETS, without('add KUBE-NODE-PORT-TCP 30080'), {
    services: { 'prod/web': ['masquerade-lost', 'masquerade-lost'] },
    says: [
      'every new connection to node port 30080 of prod/web is not masqueraded: replies bypass the node and the connections hang',
    ],
  }),
  tampering(
    'a node port is not in the set of local ones',
    SETS,
    without('add KUBE-NODE-PORT-LOCAL-TCP 30443'),
    {
      services: { 'prod/lb': ['masquerade-added'] },
      says: [
        "every new connection to node port 30443 of prod/lb is masqueraded: endpoints see the node's address, the client's is lost",
      ],
    },
  ),
  tampering(
    'a port for health checks is not in its set',
    SETS,
    without('add KUBE-HEALTH-CHECK-NODE-PORT 32100'),
    {
      services: { 'prod/lb': ['health-check-node-port'] },
      says: [
        "health checks of prod/lb at port 32100 are not let in ahead of the host's firewall: where that drops them, the load balancer sends this node 0 connections",
      ],
    },
  ),
  tampering('an address is not in the set of addresses', SETS, without('add KUBE-IPVS-IPS 10.96.14.7'), {
    services: { 'prod/web': ['rules-only'] },
    says: [
      '1 rule differs; connections to other ports of 10.96.14.7 come to whatever listens there on the node instead of being refused',
    ],
  }),
  tampering(
    'an endpoint that calls itself is not in its set',
    SETS,
    without('add KUBE-LOOP-BACK 10.244.1.8,'),
    {
      services: { 'prod/web': ['masquerade-lost'] },
      says: [
        '1 in 3 new connections from endpoints that call their own Service to prod/web:80 comes back to the endpoint with its own address as the source: its answers bypass the node and the connections hang',
      ],
    },
  ),
  tampering('a set was lost', SETS, without(/KUBE-CLUSTER-IP /), {
    services: {
      'kube-system/dns': ['rules-only'],
      'prod/agent': ['rules-only'],
      'prod/db': ['rules-only'],
      'prod/empty': ['rules-only'],
      'prod/lb': ['rules-only'],
      'prod/sticky': ['rules-only'],
      'prod/web': ['rules-only'],
    },
    says: ['what that does cannot be told', '1 rule differs; what that does cannot be told'],
    foreign: ['missing-rule'],
    unknown: 2,
  }),
  tampering(
    'the jump from POSTROUTING was removed',
    RULES,
    without(/^-A POSTROUTING .*-j KUBE-POSTROUTING$/),
    {
      services: {
        'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
        'prod/agent': ['masquerade-lost', 'masquerade-lost'],
        'prod/db': ['masquerade-lost'],
        'prod/lb': ['masquerade-lost', 'masquerade-lost'],
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
  tampering('the jump to KUBE-SERVICES was removed from PREROUTING', RULES, without(/^-A PREROUTING /), {
    services: {
      'kube-system/dns': ['masquerade-lost'],
      'prod/agent': ['masquerade-lost'],
      'prod/db': ['masquerade-lost'],
      'prod/lb': ['masquerade-lost'],
      'prod/sticky': ['masquerade-lost'],
      'prod/web': ['masquerade-lost', 'masquerade-lost'],
    },
    says: [
      '6 service ports are affected, such as: every new connection from clients outside the cluster to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
      'every new connection from clients outside the cluster to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['missing-rule'],
  }),
  tampering(
    'the rule that marks outside traffic was removed',
    RULES,
    without('-A KUBE-SERVICES ! -s 10.244.0.0/16'),
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
        '6 service ports are affected, such as: every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
        'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
      ],
      foreign: ['missing-rule'],
    },
  ),
  tampering(
    'the rule that drops was moved',
    RULES,
    swapped('-A KUBE-SOURCE-RANGES-FIREWALL -m comment', '-A KUBE-SOURCE-RANGES-FIREWALL -j DROP'),
    {
      services: { 'prod/lb': ['delivery-dropped'] },
      says: [
        'the rules stand in another order; 1 service port is affected, such as: every new connection from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
        'every new connection from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
      ],
      foreign: ['order'],
    },
  ),
  tampering(
    'a rule of others drops',
    RULES,
    inserted('filter', '-A INPUT -p tcp -m tcp --dport 80 -j DROP'),
    {
      services: {
        'prod/empty': ['rejection-lost'],
        'prod/sticky': ['delivery-dropped'],
        'prod/web': ['delivery-dropped', 'delivery-dropped'],
      },
      says: [
        '3 service ports are affected, such as: every new connection from clients outside the cluster and Pods to prod/empty:80 is dropped and hangs until it times out; it should be refused at once',
        'every new connection from clients outside the cluster and Pods to prod/empty:80 is dropped and hangs until it times out; it should be refused at once',
      ],
      foreign: ['foreign-rule'],
    },
  ),
  tampering(
    'a rule of others translates',
    RULES,
    inserted(
      'nat',
      '-A PREROUTING -d 10.96.14.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.31.0.5:80',
    ),
    {
      services: { 'prod/web': ['endpoint-stale'] },
      says: [
        'every new connection from clients outside the cluster and Pods to prod/web:80 goes to 172.31.0.5:80, which is no endpoint',
      ],
      foreign: ['foreign-rule'],
    },
  ),
  tampering(
    'a rule was appended to a chain of kube-proxy',
    RULES,
    appended('filter', '-A KUBE-IPVS-FILTER -p tcp -m tcp --dport 5432 -j DROP'),
    { services: {}, says: ['no packet that was traced is affected'], foreign: ['extra-rule'] },
  ),
  tampering(
    'everything was lost',
    SERVERS,
    all(() => []),
    {
      services: {
        'kube-system/dns': ['service-missing'],
        'prod/agent': ['service-missing'],
        'prod/db': ['service-missing'],
        'prod/empty': ['rejection-lost', 'rejection-lost'],
        'prod/lb': ['service-missing'],
        'prod/sticky': ['service-missing'],
        'prod/web': ['service-missing', 'service-missing'],
      },
      says: [
        'there are no rules for kube-system/dns: every new connection to its address (10.96.0.10:53) fails',
      ],
    },
  ),
];
