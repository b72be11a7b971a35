/**
 * Remembers what service ports of earlier compilations came to, for one IP family: the names and chains of those that
 * have not changed, the order of all chains, and the text of each chain's rules.
 */
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { type Chain, namesInOrder, type TableName } from './ruleset.ts';
import type { PlannedServicePort } from './service-plan.ts';

export type Spelling = 'kernel' | 'proxy';

export interface PrintedChain {
  readonly declaration: string;
  readonly rules: string;
}

export class IptablesMemo {
  private context = '';
  private plans = new WeakMap<ServicePortView, PlannedServicePort>();
  private chains = new WeakMap<PlannedServicePort, readonly Chain[]>();
  private texts: Record<Spelling, WeakMap<Chain, PrintedChain>> = {
    kernel: new WeakMap(),
    proxy: new WeakMap(),
  };
  private order: Record<TableName, readonly string[]> = { filter: [], mangle: [], nat: [] };

  /** Forgets everything if what all rules depend on has changed. */
  validFor(context: string): void {
    if (context === this.context) return;
    this.context = context;
    this.plans = new WeakMap();
    this.chains = new WeakMap();
    this.texts = { kernel: new WeakMap(), proxy: new WeakMap() };
  }

  plan(view: ServicePortView, compute: (view: ServicePortView) => PlannedServicePort): PlannedServicePort {
    return recall(this.plans, view, () => compute(view));
  }

  chainsOf(port: PlannedServicePort, compute: () => readonly Chain[]): readonly Chain[] {
    return recall(this.chains, port, compute);
  }

  printed(chain: Chain, spelling: Spelling, compute: () => PrintedChain): PrintedChain {
    return recall(this.texts[spelling], chain, compute);
  }

  /** Sorting what was sorted before takes one pass. */
  namesInOrder(table: TableName, printed: ReadonlyMap<string, PrintedChain>): readonly string[] {
    const last = this.order[table];
    const known = new Set(last);
    const added = [...printed.keys()].filter((name) => !known.has(name));
    this.order[table] = namesInOrder(table, [...last.filter((name) => printed.has(name)), ...added]);
    return this.order[table];
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
