/**
 * Remembers what the Services of earlier views came to, so that a change of one Service costs the work of one Service.
 * A Service counts as unchanged if it and its EndpointSlices are the same objects as before.
 */
import type { EndpointSlice, IPFamily, Service } from '../apiserver/objects.ts';
import type { ServicePortView } from './service-traffic.ts';

interface Remembered {
  readonly slices: readonly EndpointSlice[];
  readonly views: readonly ServicePortView[];
}

export class NodeViewMemo {
  private context = '';
  private families: Record<IPFamily, WeakMap<Service, Remembered>> = {
    IPv4: new WeakMap(),
    IPv6: new WeakMap(),
  };

  /** Forgets everything if the views are for something else than before. */
  validFor(context: string): void {
    if (context === this.context) return;
    this.context = context;
    this.families = { IPv4: new WeakMap(), IPv6: new WeakMap() };
  }

  recall(
    family: IPFamily,
    service: Service,
    slices: readonly EndpointSlice[],
    compute: () => readonly ServicePortView[],
  ): readonly ServicePortView[] {
    const known = this.families[family].get(service);
    if (known !== undefined && sameItems(known.slices, slices)) return known.views;
    const views = compute();
    this.families[family].set(service, { slices, views });
    return views;
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
