/** What a difference means: changes of one service port, and what concerns all. Plain data, as `diff -o json` prints it. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { Leftover } from './leftovers.ts';
import type { AddressKind, ClientKind } from './probes.ts';

export interface ServiceChanges {
  readonly namespace: string;
  readonly name: string;
  /** The port's name; empty for an unnamed port. */
  readonly portName: string;
  readonly port: number;
  readonly protocol: string;
  readonly family: IPFamily;
  /** `10.96.0.10:80`; undefined where the intended rules have no such Service. */
  readonly clusterIP: string | undefined;
  /** 0 where there is none. */
  readonly nodePort: number;
  readonly changes: readonly Change[];
}

/** `intended` and `actual` are shares such as `1/3`; `packet` is one connection that shows the change. */
interface Shown {
  /** One sentence without a full stop. */
  readonly consequence: string;
  readonly packet?: ShownPacket;
}

export interface ShownPacket {
  readonly from: string;
  readonly client: ClientKind;
  readonly to: string;
}

interface AtAddress extends Shown {
  readonly addressKind: AddressKind;
  /** Of a node port any of the node's. */
  readonly address: string;
  readonly port: number;
}

export type Change =
  /** An endpoint gets no connections. */
  | (Shown & { readonly kind: 'endpoint-missing'; readonly endpoint: string; readonly intended: string })
  /** Connections go to what is no endpoint. */
  | (Shown & { readonly kind: 'endpoint-stale'; readonly endpoint: string; readonly actual: string })
  | (Shown & {
      readonly kind: 'share-wrong';
      readonly endpoint: string;
      readonly intended: string;
      readonly actual: string;
    })
  /** Connections to an address are not translated. */
  | (AtAddress & { readonly kind: 'address-lost' })
  | (AtAddress & { readonly kind: 'address-extra' })
  | (AtAddress & { readonly kind: 'node-port-lost' })
  | (AtAddress & { readonly kind: 'node-port-extra' })
  /** Connections that should reach an endpoint do not; `actual` is their share. */
  | (AtAddress & {
      readonly kind: 'delivery-rejected' | 'delivery-dropped' | 'delivery-lost';
      readonly actual: string;
    })
  /** Connections that should be refused are not, or otherwise. */
  | (AtAddress & { readonly kind: 'rejection-lost' })
  | (AtAddress & { readonly kind: 'rejection-added' })
  | (Shown & { readonly kind: 'masquerade-lost'; readonly client: ClientKind; readonly actual: string })
  | (Shown & { readonly kind: 'masquerade-added'; readonly client: ClientKind; readonly actual: string })
  | (Shown & { readonly kind: 'affinity-lost'; readonly intendedSeconds: number })
  | (Shown & { readonly kind: 'affinity-added'; readonly actualSeconds: number })
  | (Shown & {
      readonly kind: 'affinity-timeout';
      readonly intendedSeconds: number;
      readonly actualSeconds: number;
    })
  | (AtAddress & { readonly kind: 'source-range-closed' | 'source-range-opened'; readonly range: string })
  | (Shown & {
      readonly kind: 'policy-changed';
      readonly intended: 'Cluster' | 'Local';
      readonly actual: 'Cluster' | 'Local';
    })
  | (Shown & { readonly kind: 'health-check-node-port'; readonly port: number })
  /** The host has nothing of the Service. */
  | (Shown & { readonly kind: 'service-missing' })
  /** The host has rules for a Service that there is not. */
  | (Shown & { readonly kind: 'service-extra' })
  /** Packets of connections that are open already. */
  | (Shown & { readonly kind: 'connections-broken'; readonly actual: string })
  /** The rules differ, and no packet that was traced is affected. */
  | (Shown & { readonly kind: 'rules-only' });

export type ChangeKind = Change['kind'];

/** A rule that concerns more than one Service, or belongs to none. */
export interface ForeignRule {
  readonly kind:
    | 'foreign-rule'
    | 'missing-rule'
    | 'missing-table'
    | 'extra-rule'
    /** How a table, chain or set of nftables is declared. */
    | 'declaration'
    | 'order'
    | 'policy';
  readonly family: IPFamily;
  readonly table: string;
  /** Empty of what concerns a whole table. */
  readonly chain: string;
  /** As the kernel's tool prints it; empty of kinds `order`, `policy` and `missing-table`. */
  readonly rule: string;
  /** How many service ports it affects. */
  readonly services: number;
  readonly consequence: string;
}

/** What cannot be told. */
export interface Unknown {
  readonly family: IPFamily;
  readonly reason: string;
  readonly table?: string;
  readonly chain?: string;
  readonly rule?: string;
  readonly services: number;
  readonly consequence: string;
  /** It may hide a difference; otherwise it concerns what is decided behind kube-proxy's rules. */
  readonly open: boolean;
}

export interface StaleChain {
  readonly family: IPFamily;
  readonly table: string;
  readonly chain: string;
  readonly rules: number;
}

export interface NodeDiff {
  readonly equal: boolean;
  readonly services: readonly ServiceChanges[];
  readonly foreign: readonly ForeignRule[];
  readonly unknown: readonly Unknown[];
  /** Chains of kube-proxy that nothing refers to. */
  readonly stale: readonly StaleChain[];
  /** What other modes have left on the host. */
  readonly leftovers: readonly Leftover[];
  /** Of how many Services the rules were compared. */
  readonly compared: number;
  /** The rules that differ, as text. */
  readonly chains: () => readonly ChainLines[];
}

/** The rules of a chain that differs, as each side has them. */
export interface ChainLines {
  readonly family: IPFamily;
  readonly table: string;
  readonly chain: string;
  readonly intended: readonly string[];
  readonly actual: readonly string[];
}
