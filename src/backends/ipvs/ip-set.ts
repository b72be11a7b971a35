/**
 * The ipsets of mode ipvs: their names, types and comments. Mirrors kube-proxy 1.28 to 1.37. The sets of both families live
 * beside each other in the kernel, so those of IPv6 have names of their own.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { TransportProtocol } from '../iptables-rule.ts';

export type SetType = 'hash:ip' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port';

/** Which of the parts there are depends on the set's type. */
export interface SetEntry {
  readonly address?: string;
  readonly protocol?: TransportProtocol;
  readonly port?: number;
  /** An address or a CIDR. */
  readonly source?: string;
}

export interface IPSet {
  /** As the kernel has it. */
  readonly name: string;
  readonly type: SetType;
  /** What rules that match the set say of it. */
  readonly comment: string;
  readonly entries: readonly SetEntry[];
}

interface SetKind {
  readonly type: SetType;
  readonly comment: string;
}

/** By their names without the prefix. */
export const SET_KINDS = {
  'LOOP-BACK': {
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose',
  },
  'CLUSTER-IP': {
    type: 'hash:ip,port',
    comment: 'Kubernetes service cluster ip + port for masquerade purpose',
  },
  'EXTERNAL-IP': {
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port for masquerade and filter purpose',
  },
  'EXTERNAL-IP-LOCAL': {
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port with externalTrafficPolicy=local',
  },
  'LOAD-BALANCER': { type: 'hash:ip,port', comment: 'Kubernetes service lb portal' },
  'LOAD-BALANCER-FW': {
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port for load balancer with sourceRange',
  },
  'LOAD-BALANCER-LOCAL': {
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port with externalTrafficPolicy=local',
  },
  'LOAD-BALANCER-SOURCE-IP': {
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes service load balancer ip + port + source IP for packet filter purpose',
  },
  'LOAD-BALANCER-SOURCE-CIDR': {
    type: 'hash:ip,port,net',
    comment: 'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  },
  'NODE-PORT-TCP': { type: 'bitmap:port', comment: 'Kubernetes nodeport TCP port for masquerade purpose' },
  'NODE-PORT-LOCAL-TCP': {
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport TCP port with externalTrafficPolicy=local',
  },
  'NODE-PORT-UDP': { type: 'bitmap:port', comment: 'Kubernetes nodeport UDP port for masquerade purpose' },
  'NODE-PORT-LOCAL-UDP': {
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport UDP port with externalTrafficPolicy=local',
  },
  'NODE-PORT-SCTP-HASH': {
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  },
  'NODE-PORT-LOCAL-SCTP-HASH': {
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  },
  'HEALTH-CHECK-NODE-PORT': { type: 'bitmap:port', comment: 'Kubernetes health check node port' },
  'IPVS-IPS': { type: 'hash:ip', comment: 'Addresses on the ipvs interface' },
} as const satisfies Readonly<Record<string, SetKind>>;

export type SetRole = keyof typeof SET_KINDS;

export const SET_ROLES = Object.keys(SET_KINDS) as readonly SetRole[];

/** The kernel keeps 31 characters of a set's name. */
const MOST_CHARACTERS = 31;

export function setName(role: SetRole, family: IPFamily): string {
  return `${family === 'IPv6' ? 'KUBE-6-' : 'KUBE-'}${role}`.slice(0, MOST_CHARACTERS);
}
