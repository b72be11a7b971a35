/**
 * Compiles views that follow one another. In: a node's view, and what was compiled of the one before. Out: the rules, of
 * which only those of service ports that have changed are compiled and printed anew, and which of them differ.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { compareStrings } from '../../shared/ordering.ts';
import { placesBefore } from '../../shared/sorted-lists.ts';
import type { RuleChange } from '../backend.ts';
import { SAVE, type Spelling } from '../print-chain.ts';
import { type CompileFamily, isLargeCluster } from './compile.ts';
import { changedChains, type PrintedRuleset, printKept } from './printed.ts';
import type { Ruleset } from './ruleset.ts';
import { type PlannedServicePort, planServicePort } from './service-plan.ts';

export class FollowedFamily {
  readonly ruleset: Ruleset;
  readonly view: NodeView;
  private readonly printed = new Map<Spelling, PrintedRuleset>();
  /** What was printed of the view before: not that compilation itself, which knows the one before it. */
  private readonly before: PrintedRuleset | undefined;

  constructor(
    view: NodeView,
    family: IPFamily,
    compile: CompileFamily,
    previous: FollowedFamily | undefined,
  ) {
    this.view = view;
    this.before = previous?.printed.get(SAVE);
    this.ruleset = compile(view, family, planned(view, family, previous));
    const alike =
      previous !== undefined && isAlike(previous.view, view, family) ? previous.printed : undefined;
    for (const spelling of new Set([SAVE, ...(alike?.keys() ?? [])])) {
      this.printed.set(spelling, printKept(this.ruleset, spelling, alike?.get(spelling)));
    }
  }

  print(spelling: Spelling): PrintedRuleset {
    const known = this.printed.get(spelling);
    if (known !== undefined) return known;
    const printed = printKept(this.ruleset, spelling);
    this.printed.set(spelling, printed);
    return printed;
  }

  /** In the kernel's spelling, which is always there to be compared. */
  changes(): Iterable<RuleChange> {
    return changedChains(this.before, this.print(SAVE));
  }
}

/** Service ports that have not changed keep their plans, by which they are known again. */
function planned(
  { families }: NodeView,
  family: IPFamily,
  previous: FollowedFamily | undefined,
): readonly PlannedServicePort[] {
  const ports = families[family].servicePorts;
  const before = previous?.view.families[family].servicePorts ?? [];
  const places = placesBefore(before, ports, (a, b) =>
    compareStrings(a.servicePort.name, b.servicePort.name),
  );
  return ports.map((port, p) => previous?.ruleset.servicePorts[places[p] as number] ?? planServicePort(port));
}

/** All that a service port's rules depend on, besides itself. */
function isAlike(a: NodeView, b: NodeView, family: IPFamily): boolean {
  return (
    a.node === b.node &&
    a.release === b.release &&
    a.configuration === b.configuration &&
    a.nfacct === b.nfacct &&
    isLargeCluster(a.families[family]) === isLargeCluster(b.families[family])
  );
}
