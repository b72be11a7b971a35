/**
 * The rules that a packet meets, whatever mode they are of. In: a step. Out: what it says, where it leads and what it does,
 * in words that all modes share.
 */

import type { SavedRule } from '../backends/iptables/saved.ts';
import type { ListedRealServer, ListedServer } from '../backends/ipvs/listed.ts';
import type { ListedElement, ListedRule } from '../backends/nftables/listed.ts';
import { savedRuleFacts, savedRuleMeaning, savedRuleText } from './iptables/step-facts.ts';
import { serverFacts, serverMeaning } from './ipvs/step-facts.ts';
import { listedRuleFacts, listedRuleMeaning, listedRuleText } from './nftables/step-facts.ts';
import type { StepFacts } from './step-facts.ts';

/** A rule where a packet met it. */
export interface Step {
  /** `nat`; of nftables with the family, as `ip kube-proxy`; of virtual servers `ipvs`. */
  readonly table: string;
  /** Through which the packet came to it, such as `PREROUTING`; nftables writes it small. */
  readonly hook: string;
  readonly rule: MetRule;
  /** Of nftables: what a map or a set had for the packet. */
  readonly element?: ListedElement;
  /** Of virtual servers: the one that takes the packet. */
  readonly realServer?: ListedRealServer;
}

export type MetRule = SavedRule | ListedRule | ListedServer;

/** The chain that the rule stands in; of virtual servers, which stand in none, the hook. */
export function chainOf({ rule, hook }: Step): string {
  return rule.kind === 'virtual-server' ? hook : rule.chain;
}

export function stepFacts(step: Step): StepFacts {
  const { rule } = step;
  switch (rule.kind) {
    case 'rule':
      return savedRuleFacts(rule);
    case 'nft-rule':
      return listedRuleFacts(rule, step.element);
    case 'virtual-server':
      return serverFacts(rule, step.realServer);
    default:
      return rule satisfies never;
  }
}

/** As the kernel's tool prints it, without counters. */
export function ruleText(rule: MetRule): string {
  switch (rule.kind) {
    case 'rule':
      return savedRuleText(rule);
    case 'nft-rule':
      return listedRuleText(rule);
    case 'virtual-server':
      return rule.text;
    default:
      return rule satisfies never;
  }
}

/** What a rule does where it stands. Two sides have the same rule in different lines, with other comments. */
export function meaningOf({ table, hook, rule, element, realServer }: Step): string {
  switch (rule.kind) {
    case 'rule':
      return `${table} ${hook} ${savedRuleMeaning(rule)}`;
    case 'nft-rule':
      return `${table} ${hook} ${listedRuleMeaning(rule, element)}`;
    case 'virtual-server':
      return `${table} ${hook} ${serverMeaning(rule, realServer)}`;
    default:
      return rule satisfies never;
  }
}
