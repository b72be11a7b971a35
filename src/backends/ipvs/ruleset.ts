/** What mode ipvs programs for one IP family, as plain data. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { Chain, TableName } from '../iptables-chain.ts';
import type { TransportProtocol } from '../iptables-rule.ts';
import type { IPSet } from './ip-set.ts';

export interface VirtualServer {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /** Name of a scheduler of the kernel. */
  readonly scheduler: string;
  /** Seconds for which a client keeps its real server; 0 where it need not. */
  readonly persistentSeconds: number;
  /** Scheduler `mh` takes the source port into account. */
  readonly mhPort: boolean;
  /** Sorted by address as text. */
  readonly realServers: readonly RealServer[];
}

/** Reached by rewriting the destination, as everything of kube-proxy's. */
export interface RealServer {
  /** `10.0.0.1:80`, `[fd00::1]:80`. */
  readonly address: string;
  /** 0 takes no new connections. */
  readonly weight: number;
}

export interface Table {
  readonly name: TableName;
  /** Built-in ones first, then by name. */
  readonly chains: readonly Chain[];
}

export interface FamilyRuleset {
  readonly family: IPFamily;
  /** No two with the same protocol, address and port. */
  readonly virtualServers: readonly VirtualServer[];
  /** Sorted by name. */
  readonly sets: readonly IPSet[];
  /** Those on the device kube-ipvs0, sorted as text. */
  readonly addresses: readonly string[];
  readonly tables: readonly Table[];
}
