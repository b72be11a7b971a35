/**
 * Remembers what service ports of earlier compilations came to, for one IP family: the names and chains of those that
 * have not changed, the order of all chains, and the text of each chain's rules.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import type { Chain } from './ruleset.ts';
import type { PlannedServicePort } from './service-plan.ts';

export type Spelling = 'kernel' | 'proxy';

export interface PrintedChain {
  readonly text: string;
  readonly lines: number;
}

type PrintChain = (chain: Chain, spelling: Spelling, family: IPFamily) => PrintedChain;

export class IptablesMemo {
  private context = '';
  private plans = new WeakMap<ServicePortView, PlannedServicePort>();
  private chains = new WeakMap<PlannedServicePort, readonly Chain[]>();
  private texts: Record<Spelling, WeakMap<Chain, PrintedChain>> = {
    kernel: new WeakMap(),
    proxy: new WeakMap(),
  };
  private ordered: readonly Chain[] = [];

  /** Forgets everything if what all rules depend on has changed. */
  validFor(context: string): void {
    if (context === this.context) return;
    this.context = context;
    this.plans = new WeakMap();
    this.chains = new WeakMap();
    this.texts = { kernel: new WeakMap(), proxy: new WeakMap() };
    this.ordered = [];
  }

  plan(view: ServicePortView, compute: (view: ServicePortView) => PlannedServicePort): PlannedServicePort {
    return recall(this.plans, view, () => compute(view));
  }

  chainsOf(port: PlannedServicePort, compute: () => readonly Chain[]): readonly Chain[] {
    return recall(this.chains, port, compute);
  }

  printed(chain: Chain, spelling: Spelling, print: PrintChain, family: IPFamily): PrintedChain {
    return recall(this.texts[spelling], chain, () => print(chain, spelling, family));
  }

  /** The same chains, those of last time first and in their order: sorting them then takes one pass. */
  inLastOrder(chains: readonly Chain[]): Chain[] {
    const present = new Set(chains);
    const last = new Set(this.ordered);
    return [...this.ordered.filter((each) => present.has(each)), ...chains.filter((each) => !last.has(each))];
  }

  rememberOrder(chains: readonly Chain[]): void {
    this.ordered = chains;
  }
}

function recall<K extends object, V>(known: WeakMap<K, V>, key: K, compute: () => V): V {
  let value = known.get(key);
  if (value === undefined) {
    value = compute();
    known.set(key, value);
  }
  return value;
}
