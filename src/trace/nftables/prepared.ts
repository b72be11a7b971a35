/** What a packet is walked through: chains whose rules are read, and sets whose elements are found, when they are first asked. */
import type {
  ListedElement,
  ListedHook,
  ListedRule,
  ListedSet,
  ListedStatement,
} from '../../backends/nftables/listed.ts';
import type { ElementIndex, Keyed, ValueType } from './element-index.ts';

export interface Table {
  /** `ip kube-proxy` */
  readonly label: string;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, PreparedSet>;
}

export interface Chain {
  readonly name: string;
  readonly table: Table;
  readonly base: ListedHook | undefined;
  /** Reads them when called first. */
  readonly rules: () => readonly PreparedRule[];
}

export interface PreparedRule {
  readonly rule: ListedRule;
  readonly statements: readonly PreparedStatement[];
}

export type PreparedStatement =
  | {
      readonly kind: 'match';
      readonly listed: Statement<'match'>;
      readonly lookup: Lookup<Keyed> | undefined;
    }
  | {
      readonly kind: 'vmap';
      readonly listed: Statement<'vmap'>;
      readonly lookup: Lookup<ListedElement> | undefined;
    }
  | { readonly kind: 'other'; readonly listed: Exclude<ListedStatement, { kind: 'match' | 'vmap' }> };

type Statement<Kind extends ListedStatement['kind']> = Extract<ListedStatement, { kind: Kind }>;

/** Where values of a packet are looked up. */
export interface Lookup<E> {
  readonly index: () => ElementIndex<E>;
  /** Of named sets and maps. */
  readonly set: ListedSet | undefined;
}

export interface PreparedSet {
  readonly listed: ListedSet;
  readonly index: (types: readonly ValueType[]) => ElementIndex<ListedElement>;
}
