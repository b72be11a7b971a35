/**
 * The chains that all service ports share: dispatch, checks and masquerading. In: the context. Out: chains whose rules look
 * packets up in the table's sets and maps. Mirrors kube-proxy 1.29 to 1.37.
 */
import { type CompileContext, localTraffic } from './context.ts';
import { localhostRejectChain, localhostRejectCounter } from './localhost-node-ports.ts';
import {
  anyOf,
  commented,
  concat,
  DPORT,
  DROP,
  differs,
  header,
  inSet,
  isLocal,
  jump,
  L4PROTO,
  MASQUERADE,
  matches,
  REJECT,
  RETURN,
  type Rule,
  rule,
  type Statement,
} from './rule.ts';
import type { Chain } from './ruleset.ts';

export function sharedChains(context: CompileContext): readonly Chain[] {
  const { features } = context;
  return [
    ...endpointChecks(context),
    ...(features.clusterIPsCheck ? [clusterIPsCheck(context)] : []),
    ...firewallChecks(context),
    ...(features.dropsInvalid ? [forward(context)] : []),
    ...masqueradeChains(context),
    {
      name: 'reject-chain',
      comment: 'helper for @no-endpoint-services / @no-endpoint-nodeports',
      rules: [rule(REJECT)],
    },
    { name: 'services', rules: serviceRules(context) },
    ...context.rejectedOnLocalhost.map((protocol): Chain => {
      const name = localhostRejectCounter(protocol);
      // counter name "localhost-nodeport-rejected-tcp" reject
      return { name: localhostRejectChain(protocol), rules: [rule({ kind: 'counter', name }, REJECT)] };
    }),
  ];
}

/** `ip daddr . meta l4proto . th dport`, the key of maps of addresses and ports. */
function destination({ word }: CompileContext) {
  return concat(header(word, 'daddr'), L4PROTO, DPORT);
}

function loopback({ word }: CompileContext) {
  return { kind: 'network', network: word === 'ip6' ? '::1' : '127.0.0.0/8' } as const;
}

/** Matches destinations where node ports are open. */
function isNodePortAddress(context: CompileContext): Statement {
  const daddr = header(context.word, 'daddr');
  return context.nodePortIPs === undefined ? differs(daddr, loopback(context)) : inSet(daddr, 'nodeport-ips');
}

/** Looks a node port up, where the packet is for one of the node's addresses. */
function nodePortRule(context: CompileContext, map: string): Rule {
  const lookup: Statement = { kind: 'vmap', key: concat(L4PROTO, DPORT), map };
  const where = isNodePortAddress(context);
  // ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  // fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
  return context.nodePortIPs === undefined ? rule(isLocal('daddr'), where, lookup) : rule(where, lookup);
}

/** What is bound for services without endpoints is rejected, or dropped where other nodes have endpoints. */
function endpointChecks(context: CompileContext): readonly Chain[] {
  // ip daddr . meta l4proto . th dport vmap @no-endpoint-services
  const services = rule({ kind: 'vmap', key: destination(context), map: 'no-endpoint-services' });
  if (!context.features.nodePortEndpointsCheck) {
    return [{ name: 'endpoints-check', rules: [services, nodePortRule(context, 'no-endpoint-nodeports')] }];
  }
  // ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
  const nodePorts = [
    rule(isNodePortAddress(context), {
      kind: 'vmap',
      key: concat(L4PROTO, DPORT),
      map: 'no-endpoint-nodeports',
    }),
  ];
  if (context.rejectedOnLocalhost.length > 0) {
    // ip daddr 127.0.0.0/8 meta l4proto . th dport vmap @localhost-nodeport-reject-ports
    nodePorts.push(
      rule(matches(header(context.word, 'daddr'), loopback(context)), {
        kind: 'vmap',
        key: concat(L4PROTO, DPORT),
        map: 'localhost-nodeport-reject-ports',
      }),
    );
  }
  return [
    { name: 'nodeport-endpoints-check', rules: nodePorts },
    { name: 'service-endpoints-check', rules: [services] },
  ];
}

/** Packets that are still bound for a cluster IP after translation are for a port that no Service has. */
function clusterIPsCheck({ view, features, word, family }: CompileContext): Chain {
  const daddr = header(word, 'daddr');
  const rules = [
    // ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
    commented('Reject traffic to invalid ports of ClusterIPs', inSet(daddr, 'cluster-ips'), REJECT),
  ];
  const isIPv6 = family.family === 'IPv6';
  const cidrs = features.serviceCIDRs
    ? view.serviceCIDRs.filter((cidr) => cidr.includes(':') === isIPv6)
    : [];
  if (cidrs.length > 0) {
    // ip daddr 10.96.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"
    rules.push(commented('Drop traffic to unallocated ClusterIPs', matches(daddr, anyOf(cidrs)), DROP));
  }
  return { name: 'cluster-ips-check', rules };
}

/** Source ranges of load balancers. */
function firewallChecks(context: CompileContext): readonly Chain[] {
  const { features, word } = context;
  if (features.firewallChains) {
    // ip daddr . meta l4proto . th dport vmap @firewall-ips
    const lookup = rule({ kind: 'vmap', key: destination(context), map: 'firewall-ips' });
    return [{ name: 'firewall-check', rules: [lookup] }];
  }
  const withSource = concat(header(word, 'daddr'), L4PROTO, DPORT, header(word, 'saddr'));
  return [
    {
      name: 'firewall-check',
      // ip daddr . meta l4proto . th dport @firewall jump firewall-allow-check
      rules: [rule(inSet(destination(context), 'firewall'), jump('firewall-allow-check'))],
    },
    {
      name: 'firewall-allow-check',
      // ip daddr . meta l4proto . th dport . ip saddr @firewall-allow return
      rules: [rule(inSet(withSource, 'firewall-allow'), RETURN), rule(DROP)],
    },
  ];
}

function forward({ view }: CompileContext): Chain {
  const isInvalid = matches({ kind: 'ct', key: 'state' }, { kind: 'word', word: 'invalid' });
  // ct state invalid drop
  return {
    name: 'forward',
    rules: view.configuration.conntrackTCPBeLiberal ? [] : [rule(isInvalid, DROP)],
  };
}

/** Marked packets leave with the node's address; the mark is taken off, for they may come by again. */
function masqueradeChains({ features, mark, word }: CompileContext): readonly Chain[] {
  // meta mark set meta mark ^ 0x00004000
  const unmark: Statement = { kind: 'mark-set', operation: 'xor', mask: mark };
  if (!features.inlineEndpoints) {
    return [
      // meta mark set meta mark | 0x00004000
      { name: 'mark-for-masquerade', rules: [rule({ kind: 'mark-set', operation: 'or', mask: mark })] },
      {
        name: 'masquerading',
        rules: [
          // meta mark & 0x00004000 == 0x00000000 return
          rule({ kind: 'mark-match', mask: mark, isSet: false }, RETURN),
          rule(unmark),
          rule(MASQUERADE),
        ],
      },
    ];
  }
  const isTranslated = matches({ kind: 'ct', key: 'status' }, { kind: 'word', word: 'dnat' });
  const ends = concat(header(word, 'saddr'), header(word, 'daddr'), L4PROTO, DPORT);
  return [
    {
      name: 'masquerading',
      rules: [
        // meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
        rule({ kind: 'mark-match', mask: mark, isSet: true }, unmark, MASQUERADE),
        // A Pod that reaches itself would answer itself directly.
        // ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random
        rule(isTranslated, inSet(ends, 'hairpin-connections'), MASQUERADE),
      ],
    },
  ];
}

/** Chain services: sends packets to the chains of the service port that they are bound for. */
function serviceRules(context: CompileContext): readonly Rule[] {
  return [
    ...(context.features.inlineEndpoints ? masqueradeClusterIPs(context) : []),
    // ip daddr . meta l4proto . th dport vmap @service-ips
    rule({ kind: 'vmap', key: destination(context), map: 'service-ips' }),
    nodePortRule(context, 'service-nodeports'),
  ];
}

function masqueradeClusterIPs(context: CompileContext): readonly Rule[] {
  const isClusterIP = inSet(header(context.word, 'daddr'), 'cluster-ips');
  if (context.view.configuration.nftables.masqueradeAll) {
    // ip daddr @cluster-ips meta mark set meta mark | 0x00004000 comment "masquerade all clusterIP traffic"
    return [commented('masquerade all clusterIP traffic', isClusterIP, context.markForMasquerade)];
  }
  // Somebody outside may route the service range to this node, which then has to see the replies.
  const isFromOutside = localTraffic(context, false);
  if (isFromOutside === undefined) return [];
  // ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000 comment "masquerade …"
  return [
    commented(
      'masquerade clusterIP traffic from outside cluster',
      isClusterIP,
      isFromOutside,
      context.markForMasquerade,
    ),
  ];
}
