/** The table `kube-proxy` of one IP family, as data. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { FamilyWord, Rule, Verdict } from './rule.ts';
import type { PlannedServicePort } from './service-plan.ts';

/**
 * What belongs to one service port alone is compiled anew at each walk, so that a big cluster's rules are never in memory
 * all at once.
 */
export interface Ruleset {
  readonly family: IPFamily;
  readonly word: FamilyWord;
  /** Sorted by ServicePortName. */
  readonly servicePorts: readonly PlannedServicePort[];
  readonly counters: readonly string[];
  readonly sets: readonly NamedSet[];
  readonly maps: readonly VerdictMap[];
  /** Those that service ports share. */
  readonly chains: readonly Chain[];
  readonly ownSets: (port: PlannedServicePort) => readonly NamedSet[];
  readonly ownChains: (port: PlannedServicePort) => readonly Chain[];
}

export type DataType = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service';

export interface NamedSet {
  readonly name: string;
  readonly type: readonly DataType[];
  /** The most that it can hold. */
  readonly size?: number;
  readonly flags: readonly ('dynamic' | 'interval' | 'timeout')[];
  readonly timeoutSeconds?: number;
  readonly comment?: string;
  readonly elements: readonly Element[];
}

/** A map from what a packet is to what becomes of it. */
export interface VerdictMap {
  readonly name: string;
  readonly type: readonly DataType[];
  readonly comment: string;
  readonly elements: readonly (Element & { readonly verdict: Verdict })[];
}

export interface Element {
  /** As many parts as the type has; an address may be a CIDR where the set has intervals. */
  readonly key: readonly string[];
  readonly comment?: string;
  /** In maps. */
  readonly verdict?: Verdict;
}

/** Where packets enter a chain by themselves. */
export interface BaseChainHook {
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
}

export interface Chain {
  readonly name: string;
  /** Only base chains have one. */
  readonly hook?: BaseChainHook;
  readonly comment?: string;
  readonly rules: readonly Rule[];
}
