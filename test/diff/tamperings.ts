/**
 * Tamperings of worker-1's rules in fixtures/diffs/shop, and what each does to which Service. Each name completes "after …".
 */
import type { ChangeKind } from '../../src/diff/change.ts';
import type { Tamper } from './hosts.ts';
import {
  all,
  appended,
  declared,
  flushed,
  inserted,
  inTable,
  replaced,
  replacedText,
  swapped,
  without,
} from './tamper.ts';

export interface Tampering {
  readonly name: string;
  readonly tamper: Tamper;
  /** By `namespace/name`. Each has these kinds and no others, in any order. */
  readonly services: Readonly<Record<string, readonly ChangeKind[]>>;
  /** Parts of the consequences. */
  readonly says: readonly string[];
  /** Kinds of `foreign`. */
  readonly foreign?: readonly string[];
  /** How many rules leave something open. */
  readonly unknown?: number;
}

const WEB = 'KUBE-SVC-I6F7J7E256H6PY43';

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'the first of three endpoints was deleted',
    tamper: without('--probability 0.33333333349 -j KUBE-SEP-Q32NVDAZ73HT2YMJ'),
    services: { 'prod/web': ['endpoint-missing'] },
    says: ['10.244.1.8:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there'],
  },
  {
    name: 'the second of three endpoints was deleted',
    tamper: without(`-A ${WEB} -m comment --comment "prod/web:http -> 10.244.2.10:8080"`),
    services: { 'prod/web': ['endpoint-missing', 'share-wrong'] },
    says: ['10.244.2.10:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there'],
  },
  {
    name: 'the last of three endpoints was deleted',
    tamper: without(`-A ${WEB} -m comment --comment "prod/web:http -> 10.244.2.9:8080"`),
    services: { 'prod/web': ['delivery-lost', 'delivery-lost', 'delivery-lost', 'endpoint-missing'] },
    says: [
      '1 in 3 new connections to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'an endpoint was replaced',
    tamper: replacedText('10.244.2.9:8080', '10.1.2.3:8080'),
    services: { 'prod/web': ['endpoint-stale', 'endpoint-missing'] },
    says: ['1 in 3 new connections to prod/web:80 goes to 10.1.2.3:8080, which is no endpoint'],
  },
  {
    name: 'the port of an endpoint was changed',
    tamper: replaced('DNAT --to-destination 10.244.2.9:8080', (line) =>
      line.replace('10.244.2.9:8080', '10.244.2.9:8081'),
    ),
    services: { 'prod/web': ['endpoint-stale', 'endpoint-missing'] },
    says: [
      '1 in 3 new connections to prod/web:80 goes to 10.244.2.9:8081, which is no endpoint: the port there is 8080',
    ],
  },
  {
    name: 'a probability was changed',
    tamper: replacedText(
      '0.33333333349 -j KUBE-SEP-Q32NVDAZ73HT2YMJ',
      '0.50000000000 -j KUBE-SEP-Q32NVDAZ73HT2YMJ',
    ),
    services: { 'prod/web': ['share-wrong', 'share-wrong', 'share-wrong'] },
    says: ['1 in 2 new connections to prod/web:80 goes to 10.244.1.8:8080; it should be 1 in 3'],
  },
  {
    name: 'a probability was lost',
    tamper: replacedText(
      '-m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-3PWI3J4FS5UOF7NS',
      '-j KUBE-SEP-3PWI3J4FS5UOF7NS',
    ),
    services: { 'prod/web': ['endpoint-missing', 'share-wrong'] },
    says: ['10.244.2.9:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there'],
  },
  {
    name: 'two rules with probabilities were exchanged',
    tamper: swapped(new RegExp(`-A ${WEB} .*-j KUBE-SEP-Q32`), new RegExp(`-A ${WEB} .*-j KUBE-SEP-3PW`)),
    services: { 'prod/web': ['share-wrong', 'share-wrong'] },
    says: ['1 in 2 new connections to prod/web:80 goes to 10.244.2.10:8080; it should be 1 in 3'],
  },
  {
    name: 'the rule that marks outside traffic was lost',
    tamper: without(`-A ${WEB} ! -s 10.244.0.0/16`),
    services: { 'prod/web': ['masquerade-lost'] },
    says: [
      'every new connection from clients outside the cluster and the node itself to prod/web:80 is not masqueraded: replies bypass the node and the connections hang',
    ],
  },
  {
    name: 'the masquerading of external traffic was lost',
    tamper: without('-A KUBE-EXT-I6F7J7E256H6PY43 -m comment --comment "masquerade traffic'),
    services: { 'prod/web': ['masquerade-lost'] },
    says: [
      'every new connection to external IP 203.0.113.7:80 of prod/web and node port 30080 of prod/web is not masqueraded: replies bypass the node and the connections hang',
    ],
  },
  {
    name: 'the marking of an endpoint that calls itself was lost',
    tamper: without('-A KUBE-SEP-ESFWEBUQDVH433UE -s 10.244.2.9/32'),
    services: { 'prod/web': ['masquerade-lost'] },
    says: [
      '1 in 3 new connections from endpoints that call their own Service to prod/web:80 comes back to the endpoint with its own address as the source: its answers bypass the node and the connections hang',
    ],
  },
  {
    name: 'a DNAT of others was put in front',
    tamper: inserted(
      'nat',
      '-A PREROUTING -d 10.96.14.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.31.0.5:80',
    ),
    services: { 'prod/web': ['endpoint-stale'] },
    says: [
      'every new connection from clients outside the cluster and Pods to prod/web:80 goes to 172.31.0.5:80, which is no endpoint',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'nat was flushed',
    tamper: flushed('nat'),
    services: {
      'kube-system/dns': ['service-missing'],
      'prod/agent': ['service-missing'],
      'prod/db': ['service-missing'],
      'prod/lb': ['service-missing'],
      'prod/sticky': ['service-missing'],
      'prod/web': ['service-missing'],
    },
    says: [
      'there are no rules for kube-system/dns: every new connection to its address (10.96.0.10:53) fails',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'filter was flushed',
    tamper: flushed('filter'),
    services: {
      'prod/empty': ['rejection-lost', 'rejection-lost'],
      'prod/lb': ['rejection-lost', 'health-check-node-port'],
    },
    says: [
      'every new connection to prod/empty:80 goes on to that address and hangs until it times out; it should be refused at once',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'the jump from PREROUTING was removed',
    tamper: without(/^-A PREROUTING .*-j KUBE-SERVICES$/),
    services: {
      'kube-system/dns': ['address-lost'],
      'prod/agent': ['address-lost'],
      'prod/db': ['address-lost'],
      'prod/lb': ['address-lost', 'node-port-lost', 'delivery-dropped'],
      'prod/sticky': ['address-lost'],
      'prod/web': ['address-lost', 'address-lost', 'node-port-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and Pods to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'the jump from OUTPUT in nat was removed',
    tamper: inTable('nat', without(/^-A OUTPUT .*-j KUBE-SERVICES$/)),
    services: {
      'kube-system/dns': ['address-lost'],
      'prod/agent': ['address-lost'],
      'prod/db': ['address-lost'],
      'prod/lb': ['address-lost', 'node-port-lost'],
      'prod/sticky': ['address-lost'],
      'prod/web': ['address-lost', 'address-lost', 'node-port-lost'],
    },
    says: [
      'every new connection from the node itself to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'the jump from POSTROUTING was removed',
    tamper: without(/^-A POSTROUTING .*-j KUBE-POSTROUTING$/),
    services: {
      'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
      'prod/agent': ['masquerade-lost', 'masquerade-lost'],
      'prod/db': ['masquerade-lost', 'masquerade-lost'],
      'prod/lb': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
      'prod/sticky': ['masquerade-lost', 'masquerade-lost'],
      'prod/web': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'the chain of a Service was emptied',
    tamper: without(`-A ${WEB} `),
    services: { 'prod/web': ['address-lost', 'address-lost', 'node-port-lost'] },
    says: [
      'every new connection to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'KUBE-MARK-MASQ was emptied',
    tamper: without('-A KUBE-MARK-MASQ '),
    services: {
      'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
      'prod/agent': ['masquerade-lost', 'masquerade-lost'],
      'prod/db': ['masquerade-lost', 'masquerade-lost'],
      'prod/lb': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
      'prod/sticky': ['masquerade-lost', 'masquerade-lost'],
      'prod/web': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'MASQUERADE was lost',
    tamper: without('-j MASQUERADE'),
    services: {
      'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
      'prod/agent': ['masquerade-lost', 'masquerade-lost'],
      'prod/db': ['masquerade-lost', 'masquerade-lost'],
      'prod/lb': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
      'prod/sticky': ['masquerade-lost', 'masquerade-lost'],
      'prod/web': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'the masquerade mark was changed',
    tamper: replacedText(
      '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
      '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x8000/0x8000',
    ),
    services: {
      'kube-system/dns': ['masquerade-lost', 'masquerade-lost'],
      'prod/agent': ['masquerade-lost', 'masquerade-lost'],
      'prod/db': ['masquerade-lost', 'masquerade-lost'],
      'prod/lb': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
      'prod/sticky': ['masquerade-lost', 'masquerade-lost'],
      'prod/web': ['masquerade-lost', 'masquerade-lost', 'masquerade-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and the node itself to kube-system/dns:53 is not masqueraded: replies bypass the node and the connections hang',
    ],
    foreign: ['extra-rule', 'missing-rule'],
  },
  {
    name: 'a node port was lost',
    tamper: without('--dport 30080'),
    services: { 'prod/web': ['node-port-lost'] },
    says: [
      'every new connection to node port 30080 of prod/web goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'the jump to node ports was lost',
    tamper: without('-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'),
    services: { 'prod/lb': ['node-port-lost'], 'prod/web': ['node-port-lost'] },
    says: [
      'every new connection to node port 30443 of prod/lb goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'an external IP was lost',
    tamper: without('-d 203.0.113.7/32'),
    services: { 'prod/web': ['address-lost'] },
    says: [
      'every new connection to external IP 203.0.113.7:80 of prod/web goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'a cluster IP was lost',
    tamper: without('-A KUBE-SERVICES -d 10.96.3.20/32'),
    services: { 'prod/db': ['address-lost'] },
    says: [
      'every new connection to prod/db:5432 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'a load-balancer IP was lost',
    tamper: without(/^-A KUBE-SERVICES -d 192.0.2.10\/32/),
    services: { 'prod/lb': ['address-lost'] },
    says: [
      'every new connection from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
    ],
  },
  {
    name: 'an external IP was added',
    tamper: inserted(
      'nat',
      '-A KUBE-SERVICES -d 203.0.113.99/32 -p tcp -m comment --comment "prod/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-I6F7J7E256H6PY43',
    ),
    services: { 'prod/web': ['address-extra'] },
    says: [
      'every new connection to external IP 203.0.113.99:80 of prod/web is delivered to 10.244.1.8:8080, 10.244.2.10:8080, 10.244.2.9:8080; the Service does not have that address',
    ],
  },
  {
    name: 'a source range was added',
    tamper: inserted('nat', '-A KUBE-FW-UDILEREKOONJD5RF -s 203.0.113.0/24 -j KUBE-EXT-UDILEREKOONJD5RF'),
    services: { 'prod/lb': ['source-range-opened'] },
    says: [
      'clients in 203.0.113.0/24 are let in, whatever the source ranges say: every new connection from clients in 203.0.113.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443',
    ],
  },
  {
    name: 'a source range was removed',
    tamper: without('-s 198.18.6.0/24'),
    services: { 'prod/lb': ['source-range-closed'] },
    says: [
      'clients in 198.18.6.0/24 are shut out: every new connection from clients in 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb is dropped and hangs until it times out',
    ],
  },
  {
    name: 'the firewall of a load balancer was bypassed',
    tamper: replacedText('-j KUBE-FW-UDILEREKOONJD5RF', '-j KUBE-EXT-UDILEREKOONJD5RF'),
    services: { 'prod/lb': ['source-range-opened'] },
    says: [
      'everybody is let in, whatever the source ranges say: every new connection to load-balancer IP 192.0.2.10:443 of prod/lb is delivered to 10.244.1.30:8443, 10.244.2.31:8443',
    ],
  },
  {
    name: 'the drop behind the firewall was removed',
    tamper: without('-A KUBE-PROXY-FIREWALL -d 192.0.2.10/32'),
    services: { 'prod/lb': ['rejection-lost'] },
    says: [
      'every new connection to load-balancer IP 192.0.2.10:443 of prod/lb goes on to that address and hangs until it times out; it should be dropped',
    ],
  },
  {
    name: 'a check of affinity was lost',
    tamper: without(/-A KUBE-SVC-JB6GN5ZCZEO67566 .*10.244.1.20:8080" -m recent/),
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client of 1 of 3 endpoints that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  },
  {
    name: 'all checks of affinity were lost',
    tamper: without(/-A KUBE-SVC-JB6GN5ZCZEO67566 .* -m recent/),
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  },
  {
    name: 'the memory of affinity was lost',
    tamper: replaced(/^-A KUBE-SEP-.* -m recent --set/, (line) =>
      line.replace(/-m recent --set .* --rsource /, ''),
    ),
    services: { 'prod/sticky': ['affinity-lost'] },
    says: [
      'a client that connects again to prod/sticky:80 within 3600 s meets another endpoint in 67% of cases; it should keep its own',
    ],
  },
  {
    name: 'the time of affinity was changed',
    tamper: replaced(/--seconds 3600/, (line) => line.replace('3600', '10800')),
    services: { 'prod/sticky': ['affinity-timeout'] },
    says: ['a client of prod/sticky:80 keeps its endpoint for 10800 s; it should be 3600 s'],
  },
  {
    name: 'affinity was added',
    tamper: all(
      replaced(/^-A KUBE-SEP-Q32.*DNAT/, (l) =>
        l.replace('-m tcp', '-m recent --set --name W --mask 255.255.255.255 --rsource -m tcp'),
      ),
      inserted(
        'nat',
        `-A ${WEB} -m recent --rcheck --seconds 60 --reap --name W --mask 255.255.255.255 --rsource -j KUBE-SEP-Q32NVDAZ73HT2YMJ`,
      ),
    ),
    services: { 'prod/web': ['affinity-added'] },
    says: [
      'a client that connects again to prod/web:80 within 60 s keeps its endpoint; it should be sent to any of 3',
    ],
  },
  {
    name: 'a REJECT was removed',
    tamper: without('-A KUBE-SERVICES -d 10.96.3.21/32'),
    services: { 'prod/empty': ['rejection-lost'] },
    says: [
      'every new connection to prod/empty:80 goes on to that address and hangs until it times out; it should be refused at once',
    ],
  },
  {
    name: 'a REJECT of a node port was removed',
    tamper: without('--dport 30090'),
    services: { 'prod/empty': ['rejection-lost'] },
    says: [
      'every new connection to node port 30090 of prod/empty goes on to that address and whatever listens there; it should be refused at once',
    ],
  },
  {
    name: 'a REJECT became a DROP',
    tamper: replaced('-A KUBE-SERVICES -d 10.96.3.21/32', (line) => line.replace(/-j REJECT.*/, '-j DROP')),
    services: { 'prod/empty': ['rejection-lost'] },
    says: [
      'every new connection to prod/empty:80 is dropped and hangs until it times out; it should be refused at once',
    ],
  },
  {
    name: 'a REJECT was added',
    tamper: inserted(
      'filter',
      '-A KUBE-SERVICES -d 10.244.2.40/32 -p tcp -m tcp --dport 5432 -j REJECT --reject-with icmp-port-unreachable',
    ),
    services: { 'prod/db': ['delivery-rejected'] },
    says: ['every new connection from Pods and the node itself to prod/db:5432 is refused'],
    foreign: ['extra-rule'],
  },
  {
    name: 'a stale endpoint was added',
    tamper: all(
      declared('nat', 'KUBE-SEP-AAAAAAAAAAAAAAAA'),
      appended('nat', '-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m tcp -j DNAT --to-destination 10.244.1.99:8080'),
      replaced(
        new RegExp(`^-A ${WEB} .*Q32NVDAZ73HT2YMJ`),
        (line) =>
          `${line.replace('0.33333333349', '0.25000000000').replace('Q32NVDAZ73HT2YMJ', 'AAAAAAAAAAAAAAAA')}`,
      ),
    ),
    services: { 'prod/web': ['endpoint-stale', 'endpoint-missing', 'share-wrong', 'share-wrong'] },
    says: ['1 in 4 new connections to prod/web:80 goes to 10.244.1.99:8080, which is no endpoint'],
  },
  {
    name: 'a RETURN was put into KUBE-SERVICES',
    tamper: inserted('nat', '-A KUBE-SERVICES -j RETURN'),
    services: {
      'kube-system/dns': ['address-lost'],
      'prod/agent': ['address-lost'],
      'prod/db': ['address-lost'],
      'prod/lb': ['address-lost', 'node-port-lost', 'delivery-dropped'],
      'prod/sticky': ['address-lost'],
      'prod/web': ['address-lost', 'address-lost', 'node-port-lost'],
    },
    says: [
      'every new connection to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['extra-rule'],
  },
  {
    name: 'a RETURN was put into the chain of a Service',
    tamper: inserted('nat', `-A ${WEB} -j RETURN`),
    services: { 'prod/web': ['address-lost', 'address-lost', 'node-port-lost'] },
    says: [
      'every new connection to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'a RETURN was put before PREROUTING',
    tamper: inserted('nat', '-A PREROUTING -d 10.96.0.0/16 -j ACCEPT'),
    services: {
      'kube-system/dns': ['address-lost'],
      'prod/agent': ['address-lost'],
      'prod/db': ['address-lost'],
      'prod/lb': ['address-lost'],
      'prod/sticky': ['address-lost'],
      'prod/web': ['address-lost'],
    },
    says: [
      'every new connection from clients outside the cluster and Pods to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'FORWARD drops an endpoint',
    tamper: appended('filter', '-A FORWARD -d 10.244.2.40/32 -j DROP'),
    services: { 'prod/db': ['delivery-dropped'] },
    says: ['every new connection from Pods to prod/db:5432 is dropped and hangs until it times out'],
    foreign: ['foreign-rule'],
  },
  {
    name: 'FORWARD drops a network of clients',
    tamper: inserted('filter', '-A FORWARD -s 198.51.100.0/25 -j DROP'),
    services: {
      'kube-system/dns': ['delivery-dropped'],
      'prod/agent': ['delivery-dropped'],
      'prod/db': ['delivery-dropped'],
      'prod/empty': ['rejection-lost'],
      'prod/lb': ['delivery-dropped', 'delivery-dropped'],
      'prod/sticky': ['delivery-dropped'],
      'prod/web': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
    },
    says: [
      'every new connection from clients in 198.51.100.0/25 to kube-system/dns:53 is dropped and hangs until it times out',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'FORWARD drops by device',
    tamper: inserted('filter', '-A FORWARD -i eth1 -j DROP'),
    services: {
      'kube-system/dns': ['delivery-dropped'],
      'prod/agent': ['delivery-dropped'],
      'prod/db': ['delivery-dropped'],
      'prod/empty': ['rejection-lost'],
      'prod/lb': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
      'prod/sticky': ['delivery-dropped'],
      'prod/web': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
    },
    says: [
      'every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out (packets that come in by eth1)',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'FORWARD has policy DROP',
    tamper: replacedText(':FORWARD ACCEPT', ':FORWARD DROP'),
    services: {
      'kube-system/dns': ['delivery-dropped'],
      'prod/agent': ['delivery-dropped'],
      'prod/db': ['delivery-dropped'],
      'prod/empty': ['rejection-lost'],
      'prod/lb': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
      'prod/sticky': ['delivery-dropped'],
      'prod/web': ['delivery-dropped', 'delivery-dropped', 'delivery-dropped'],
    },
    says: [
      'every new connection from clients outside the cluster and Pods to kube-system/dns:53 is dropped and hangs until it times out',
    ],
    foreign: ['policy'],
  },
  {
    name: 'a rule that nobody understands stands in front',
    tamper: inserted('nat', '-A PREROUTING -m bpf --object-pinned /x -j ACCEPT'),
    services: {},
    says: [
      'the match bpf is not understood: what becomes of kube-system/dns:dns, prod/agent, prod/db and 3 more cannot be told',
    ],
    unknown: 1,
  },
  {
    name: 'KUBE-FORWARD was emptied',
    tamper: without('-A KUBE-FORWARD '),
    services: {},
    says: [
      'no new connection is affected; packets that connection tracking cannot place are forwarded as they are, and may reset connections',
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'KUBE-FIREWALL was emptied',
    tamper: without('-A KUBE-FIREWALL '),
    services: {},
    says: [
      "no connection to a Service is affected; others on the node's network can reach what listens on its 127.0.0.1",
    ],
    foreign: ['missing-rule'],
  },
  {
    name: 'all traffic is masqueraded',
    tamper: inserted('nat', '-A POSTROUTING -j MASQUERADE'),
    services: {
      'kube-system/dns': ['masquerade-added'],
      'prod/agent': ['masquerade-added'],
      'prod/db': ['masquerade-added'],
      'prod/lb': ['masquerade-added', 'masquerade-added', 'masquerade-added'],
      'prod/sticky': ['masquerade-added'],
      'prod/web': ['masquerade-added'],
    },
    says: [
      "every new connection from Pods to kube-system/dns:53 is masqueraded: endpoints see the node's address, the client's is lost",
    ],
    foreign: ['foreign-rule'],
    unknown: 1,
  },
  {
    name: 'policy Local became Cluster',
    tamper: replacedText('-j KUBE-SVL-UDILEREKOONJD5RF', '-j KUBE-SVC-UDILEREKOONJD5RF'),
    services: { 'prod/lb': ['policy-changed'] },
    says: [
      '1 in 2 new connections from clients in 198.18.4.0/24 and 198.18.6.0/24 to load-balancer IP 192.0.2.10:443 of prod/lb goes to endpoints of other nodes (10.244.2.31:8443): traffic policy Cluster instead of Local',
    ],
  },
  {
    name: 'the health check was lost',
    tamper: without('--dport 32100'),
    services: { 'prod/lb': ['health-check-node-port'] },
    says: [
      "health checks of prod/lb at port 32100 are not let in ahead of the host's firewall: where that drops them, the load balancer sends this node 0 connections",
    ],
  },
  {
    name: 'a Service was left behind',
    tamper: all(
      declared('nat', 'KUBE-SVC-BBBBBBBBBBBBBBBB', 'KUBE-SEP-BBBBBBBBBBBBBBBB'),
      appended(
        'nat',
        '-A KUBE-SVC-BBBBBBBBBBBBBBBB -j KUBE-SEP-BBBBBBBBBBBBBBBB',
        '-A KUBE-SEP-BBBBBBBBBBBBBBBB -p tcp -m tcp -j DNAT --to-destination 10.244.1.77:80',
      ),
      inserted(
        'nat',
        '-A KUBE-SERVICES -d 10.96.77.77/32 -p tcp -m comment --comment "prod/old:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-BBBBBBBBBBBBBBBB',
      ),
    ),
    services: { 'prod/old': ['service-extra'] },
    says: [
      'there is no Service prod/old with this port, and connections to 10.96.77.77:80 go to 10.244.1.77:80',
    ],
  },
  {
    name: 'a whole Service is missing',
    tamper: all(without('10.96.3.20/32'), without(/prod\/db/)),
    services: { 'prod/db': ['service-missing'] },
    says: ['there are no rules for prod/db: every new connection to its address (10.96.3.20:5432) fails'],
  },
  {
    name: 'a Service has the chain of another',
    tamper: replaced('-A KUBE-SERVICES -d 10.96.3.20/32', (line) => line.replace(/KUBE-SVC-\w+/, WEB)),
    services: { 'prod/db': ['endpoint-stale', 'endpoint-stale', 'endpoint-stale', 'endpoint-missing'] },
    says: ['1 in 3 new connections to prod/db:5432 goes to 10.244.1.8:8080, which is no endpoint'],
  },
  {
    name: 'open connections are dropped',
    tamper: inserted('filter', '-A FORWARD -m conntrack --ctstate ESTABLISHED -j DROP'),
    services: {
      'kube-system/dns': ['connections-broken'],
      'prod/agent': ['connections-broken'],
      'prod/db': ['connections-broken'],
      'prod/lb': ['connections-broken'],
      'prod/sticky': ['connections-broken'],
      'prod/web': ['connections-broken'],
    },
    says: ['every open connection to kube-system/dns:53 breaks: further packets are dropped or refused'],
    foreign: ['foreign-rule'],
  },
  {
    name: 'an endpoint of policy Local is missing',
    tamper: without(/^-A KUBE-SVL-/),
    services: { 'prod/agent': ['service-missing'], 'prod/lb': ['node-port-lost', 'source-range-closed'] },
    says: ['there are no rules for prod/agent: every new connection to its address (10.96.3.22:9100) fails'],
  },
  {
    name: 'UDP rules were lost',
    tamper: without(/^-A KUBE-SEP-.* -p udp/),
    services: { 'kube-system/dns': ['address-lost'] },
    says: [
      'every new connection to kube-system/dns:53 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'an endpoint chain was emptied',
    tamper: without(/^-A KUBE-SEP-ESFWEBUQDVH433UE/),
    services: { 'prod/web': ['delivery-lost', 'delivery-lost', 'delivery-lost', 'endpoint-missing'] },
    says: [
      '1 in 3 new connections to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'the port of a Service was changed',
    tamper: replaced('-A KUBE-SERVICES -d 10.96.3.20/32', (line) =>
      line.replace('--dport 5432', '--dport 5433'),
    ),
    services: { 'prod/db': ['address-lost', 'address-extra'] },
    says: [
      'every new connection to prod/db:5432 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'the protocol of a Service was changed',
    tamper: replaced('-A KUBE-SERVICES -d 10.96.3.20/32', (line) => line.replaceAll('tcp', 'udp')),
    services: { 'prod/db': ['address-lost'] },
    says: [
      'every new connection to prod/db:5432 goes to that address itself, where no endpoint listens, and fails',
    ],
  },
  {
    name: 'DROP in raw',
    tamper: inserted('raw', '-A PREROUTING -d 10.96.14.7/32 -j DROP'),
    services: { 'prod/web': ['delivery-dropped'] },
    says: [
      'every new connection from clients outside the cluster and Pods to prod/web:80 is dropped and hangs until it times out',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'NOTRACK in raw',
    tamper: inserted('raw', '-A PREROUTING -d 10.96.14.7/32 -j NOTRACK'),
    services: { 'prod/web': ['address-lost'] },
    says: [
      'every new connection from clients outside the cluster and Pods to prod/web:80 goes to that address itself, where no endpoint listens, and fails',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'mark in mangle',
    tamper: inserted('mangle', '-A PREROUTING -s 198.51.100.0/24 -j MARK --set-xmark 0x4000/0x4000'),
    services: { 'prod/empty': ['rejection-lost'], 'prod/lb': ['masquerade-added'] },
    says: [
      'every new connection from clients in 198.51.100.0/24 to prod/empty:80 goes on to that address and hangs until it times out; it should be refused at once',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'a DNAT of others to the Service own endpoint',
    tamper: inserted(
      'nat',
      '-A OUTPUT -d 10.96.3.20/32 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 10.244.2.40:5432',
    ),
    services: { 'prod/db': ['masquerade-lost'] },
    says: [
      "every new connection from the node itself to prod/db:5432 is not masqueraded: endpoints see the client's own address",
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'a redirect of node port',
    tamper: inserted('nat', '-A PREROUTING -p tcp -m tcp --dport 30080 -j REDIRECT --to-ports 8080'),
    services: {},
    says: ['what REDIRECT does here is not understood: what becomes of prod/web:http cannot be told'],
    unknown: 1,
  },
  {
    name: 'half of the connections to an endpoint are dropped',
    tamper: inserted(
      'filter',
      '-A FORWARD -d 10.244.2.40/32 -m statistic --mode random --probability 0.50000000000 -j DROP',
    ),
    services: { 'prod/db': ['delivery-dropped'] },
    says: [
      '1 in 2 new connections from clients outside the cluster and Pods to prod/db:5432 is dropped and hangs until it times out',
    ],
    foreign: ['foreign-rule'],
  },
  {
    name: 'a rule catches a range of ports',
    tamper: replaced('-A KUBE-SERVICES -d 10.96.3.20/32', (line) =>
      line.replace('--dport 5432', '--dport 5432:5440'),
    ),
    services: { 'prod/db': ['address-extra'] },
    says: [
      'every new connection to external IP 10.96.3.20:5440 of prod/db is delivered to 10.244.2.40:5432; the Service does not have that address',
    ],
    foreign: ['extra-rule'],
  },
  {
    name: 'Docker publishes a node port in front',
    tamper: all(
      declared('nat', 'DOCKER'),
      inserted('nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER'),
      appended(
        'nat',
        '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 30080 -j DNAT --to-destination 172.17.0.2:80',
      ),
    ),
    services: { 'prod/web': ['endpoint-stale'] },
    says: [
      'every new connection from clients outside the cluster and Pods to node port 30080 of prod/web goes to 172.17.0.2:80, which is no endpoint',
    ],
    foreign: ['foreign-rule'],
  },
];
