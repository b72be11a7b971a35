/**
 * Which rules are to blame for what happens to several Services. In: the changes of service ports and what was observed.
 * Out: rules of others that catch Service traffic, common rules of kube-proxy that differ, and what cannot be told.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { chainOf, type MetRule, type Step } from '../trace/step.ts';
import type { Attribution } from './attribute.ts';
import type { Change, ForeignRule, Unknown } from './change.ts';
import type { Compared, Difference } from './compared.ts';
import { type Doubt, isKubeProxys, isKubeProxysJump } from './fate.ts';
import { type Line, lineFacts, lineText } from './line.ts';
import type { Observation } from './observe.ts';
import type { PortFacts } from './port-facts.ts';
import { listed, plural } from './wording.ts';

interface Guilt {
  readonly table: string;
  readonly chain: string;
  readonly rule: Line | undefined;
  services: number;
  consequence: string;
}

export class Blame {
  /** All service ports are to be traced. */
  readonly isWide: boolean;
  /** Rules of nobody in particular that may be to blame. */
  readonly suspects: readonly Line[];
  private readonly family: IPFamily;
  private readonly attribution: Attribution;
  private readonly compared: Compared;
  private readonly strange: ReadonlySet<Line>;
  private readonly foreignLines: ReadonlySet<Line>;
  private readonly guilty = new Map<Line | string, Guilt>();
  private readonly doubts = new Map<Line | string, { doubt: Doubt; ports: Set<string> }>();
  private readonly changed = new Set<string>();
  private affected = 0;
  /** Service ports without lines of their own that differ: what becomes of them is not their own rules' doing. */
  private readonly bystanders = { harmed: 0, unharmed: 0 };
  private example: string | undefined;

  constructor(family: IPFamily, attribution: Attribution, compared: Compared) {
    this.family = family;
    this.attribution = attribution;
    this.compared = compared;
    this.isWide = attribution.common.length > 0 || compared.suspicious;
    this.suspects = [...compared.suspects, ...attribution.common.flatMap(({ extra }) => extra)];
    this.strange = new Set(this.suspects);
    this.foreignLines = new Set(compared.foreign);
  }

  /** Notes what became of one service port. */
  add(
    { info, differences }: PortFacts,
    changes: readonly Change[],
    observations: readonly Observation[],
  ): void {
    const [first] = changes;
    if (differences.length === 0) this.bystanders[first === undefined ? 'unharmed' : 'harmed']++;
    if (first !== undefined) {
      this.affected++;
      this.changed.add(info.name);
      this.example ??= first.consequence;
      for (const [key, guilt] of this.guiltyOf(observations)) {
        const known = this.guilty.get(key) ?? guilt;
        known.services++;
        if (known.services === 1) known.consequence = first.consequence;
        this.guilty.set(key, known);
      }
    }
    for (const { intended, actual } of observations) {
      for (const doubt of [...intended.unknown, ...actual.unknown]) {
        const key = doubt.step?.rule ?? doubt.reason;
        const known = this.doubts.get(key) ?? { doubt, ports: new Set() };
        known.ports.add(info.name);
        this.doubts.set(key, known);
      }
    }
  }

  isDoubtful({ info }: PortFacts): boolean {
    return [...this.doubts.values()].some(({ ports }) => ports.has(info.name));
  }

  /** Notes rules that were passed over because they stand behind kube-proxy's. */
  passedOver(rules: ReadonlyMap<MetRule, Doubt>): void {
    for (const [rule, doubt] of rules) this.doubts.set(rule, { doubt, ports: new Set() });
  }

  foreign(): readonly ForeignRule[] {
    const guilty = [...this.guilty.values()].map((guilt) => this.foreignRule(guilt));
    const { lostTable } = this.compared;
    if (lostTable !== undefined) return [...guilty, this.missingTable(lostTable)];
    return [...guilty, ...this.attribution.common.flatMap((difference) => this.commonRules(difference))];
  }

  private missingTable(table: string): ForeignRule {
    const consequence = this.effect();
    return {
      ...this.place(table, '', undefined),
      kind: 'missing-table',
      services: this.affectedByCommon(),
      consequence,
    };
  }

  private foreignRule({ table, chain, rule, services, consequence }: Guilt): ForeignRule {
    const isOwn =
      rule !== undefined && (isKubeProxysJump(rule) || (!this.foreignLines.has(rule) && isKubeProxys(rule)));
    return {
      ...this.place(table, chain, rule),
      kind: rule === undefined ? 'policy' : isOwn ? 'extra-rule' : 'foreign-rule',
      services,
      consequence: services > 1 ? affected(services, consequence) : consequence,
    };
  }

  private commonRules(difference: Difference): readonly ForeignRule[] {
    const { table, chain, missing, extra, reordered } = difference;
    const services = this.affectedByCommon();
    const effect = this.effect();
    const { declared, isDeclaration } = this.declarations(difference);
    const found: ForeignRule[] = [...declared];
    const lost = missing
      .filter((rule) => !isDeclaration(rule))
      .map(
        (rule): ForeignRule => ({
          ...this.place(table, chain, rule),
          kind: 'missing-rule',
          services,
          consequence: services === 0 ? (lineFacts(rule).purpose ?? effect) : effect,
        }),
      );
    found.push(...lost);
    for (const rule of extra) {
      if (this.guilty.has(rule) || isDeclaration(rule)) continue;
      found.push({
        ...this.place(table, chain, rule),
        kind: 'extra-rule',
        services: 0,
        consequence: lineFacts(rule).meaning ?? NOTHING,
      });
    }
    if (!reordered) return found;
    const place = this.place(table, chain, undefined);
    return [
      ...found,
      { ...place, kind: 'order', services, consequence: `the rules stand in another order; ${effect}` },
    ];
  }

  /** What nobody meets on a way, and what decides which ways there are: one for both sides' lines. */
  private declarations({ table, chain, missing, extra }: Difference) {
    const headings = extra.filter(({ kind }) => kind === 'nft-heading');
    const isDeclaration = (line: Line) => headings.length > 0 && line.kind === 'nft-heading';
    const instead = missing.filter(isDeclaration).map(lineText);
    const declared = headings.map((heading): ForeignRule => {
      const should = instead.length === 0 ? '' : `it should be "${listed(instead)}": `;
      const consequence = `${should}${this.effect()}`;
      return {
        ...this.place(table, chain, heading),
        kind: 'declaration',
        services: this.affectedByCommon(),
        consequence,
      };
    });
    return { declared, isDeclaration };
  }

  /** None where only those are affected whose own lines differ, and others are not. */
  private affectedByCommon(): number {
    const { harmed, unharmed } = this.bystanders;
    return harmed === 0 && unharmed > 0 ? 0 : this.affected;
  }

  /** Of a line that concerns all Services. */
  private effect(): string {
    const services = this.affectedByCommon();
    if (services > 0) return affected(services, this.example ?? '');
    return [...this.doubts.values()].some(({ doubt }) => !doubt.behind) ? UNTOLD : NOTHING;
  }

  /** Without what is in doubt beside changes that are certain. */
  unknown(): readonly Unknown[] {
    const open = [...this.doubts.values()].filter(
      ({ doubt, ports }) => doubt.behind || [...ports].some((port) => !this.changed.has(port)),
    );
    return open.map(({ doubt: { step, reason, behind }, ports }) => ({
      family: this.family,
      reason,
      ...(step === undefined ? {} : this.place(step.table, chainOf(step), step.rule)),
      services: ports.size,
      consequence: behind
        ? `${reason}: what this rule does behind kube-proxy's is left out`
        : `${reason}: what becomes of ${named([...ports])} cannot be told`,
      open: !behind,
    }));
  }

  private place(table: string, chain: string, rule: Line | undefined) {
    return { family: this.family, table, chain, rule: rule === undefined ? '' : lineText(rule) };
  }

  /** Per service port each rule once: the last one on the way that is nobody's. */
  private guiltyOf(observations: readonly Observation[]): ReadonlyMap<Line | string, Guilt> {
    const found = new Map<Line | string, Guilt>();
    for (const { same, actual, intended } of observations) {
      if (same) continue;
      for (const { path, verdict } of actual.outcomes) {
        const step = path.findLast((each) => this.isStrange(each));
        if (step !== undefined) {
          const { table, rule } = step;
          found.set(rule, { table, chain: chainOf(step), rule, services: 0, consequence: '' });
        } else if (verdict.kind === 'dropped' && intended.dropped.numerator === 0n) {
          for (const policy of this.compared.policies) {
            const [, table = '', chain = ''] = /^(.*) (\S+)$/.exec(policy) ?? [];
            found.set(policy, { table, chain, rule: undefined, services: 0, consequence: '' });
          }
        }
      }
    }
    return found;
  }

  private isStrange({ rule, element }: Step): boolean {
    return this.strange.has(rule) || (element !== undefined && this.strange.has(element));
  }
}

const NOTHING = 'no packet that was traced is affected';
const UNTOLD = 'what that does cannot be told';

function affected(services: number, example: string): string {
  return `${plural(services, 'service port')} affected, such as: ${example}`;
}

function named(ports: readonly string[]): string {
  return listed([...ports].sort(), 3);
}
