/** Words for what happens to a packet. In: steps and verdicts. Out: short texts, not yet made safe for a terminal. */
import { effectiveTrees, flatten, nestSteps, type StepTree } from '../trace/effective-steps.ts';
import type { Outcome, Verdict } from '../trace/outcome.ts';
import type { Packet } from '../trace/packet.ts';
import { formatSocket } from '../trace/packet-ends.ts';
import { chainOf, type Step, stepFacts } from '../trace/step.ts';

/** What becomes of it, and of its source address: `['DNAT 10.244.1.8:8080', "source becomes the node's address"]`. */
export function verdictPhrases(verdict: Verdict, packet: Packet): readonly [string, string] {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, local, source } = verdict;
      const to = formatSocket(destination);
      const from =
        source.kind === 'masquerade'
          ? "source becomes the node's address"
          : source.kind === 'snat'
            ? `source becomes ${source.to}`
            : 'source stays';
      const isSame =
        destination.address === packet.destination && destination.port === packet.destinationPort;
      if (!isSame) return [`DNAT ${to}`, from];
      return [local ? `delivered to the node itself at ${to}` : `passes on to ${to}, not translated`, from];
    }
    case 'rejected':
      return [`REJECT with ${verdict.with}`, 'the client is told at once'];
    case 'dropped':
      return ['DROP', 'the client waits until it gives up'];
    case 'cannot-tell':
      return ['cannot tell', verdict.reason];
    default:
      return verdict satisfies never;
  }
}

/** The comment of the rule that decided against a packet. */
export function reasonOf({ verdict, path }: Outcome): string {
  const step = path.at(-1);
  return step === undefined || (verdict.kind !== 'rejected' && verdict.kind !== 'dropped')
    ? ''
    : stepFacts(step).comment;
}

/** The rules that made a difference, in the tables that say where a packet goes. */
export function tellingSteps({ verdict, path }: Outcome): readonly StepTree[] {
  const trees = effectiveTrees(nestSteps(path));
  if (verdict.kind !== 'delivered') return trees;
  const telling = trees.filter(decidesDestination);
  // Where nothing translates the packet, what lets it pass is all that there is to tell.
  return telling.length > 0 ? telling : trees.filter(({ step }) => step.hook.toUpperCase() !== 'POSTROUTING');
}

function decidesDestination(tree: StepTree): boolean {
  const { table, hook, rule } = tree.step;
  switch (rule.kind) {
    case 'rule':
      return table === 'nat' && (hook === 'PREROUTING' || hook === 'OUTPUT');
    // A chain for each purpose: those that translate lead to what does.
    case 'nft-rule':
      return flatten([tree]).some(
        ({ rule }) => rule.kind === 'nft-rule' && rule.statements.some(({ kind }) => kind === 'dnat'),
      );
    case 'virtual-server':
      return true;
    default:
      return rule satisfies never;
  }
}

/** `PREROUTING → KUBE-SERVICES → KUBE-EXT-XGLO… (mark for masquerade) → KUBE-SVC-XGLO…`; empty without steps. */
export function chainPath(steps: readonly Step[]): string {
  const stages: { readonly head: string; text: string }[] = [];
  for (const step of steps) {
    const { table, hook, rule } = step;
    const head = table === 'nat' || rule.kind === 'nft-rule' ? hook : `${table} ${hook}`;
    if (stages.at(-1)?.head !== head) stages.push({ head, text: head });
    const stage = stages.at(-1) as { text: string };
    const { does, leadsTo } = stepFacts(step);
    if (leadsTo !== undefined && MARKING.has(leadsTo)) stage.text += ' (mark for masquerade)';
    else if (leadsTo !== undefined) stage.text += ` → ${shortChain(leadsTo)}`;
    else if (does === 'mark' && !MARKING.has(chainOf(step))) stage.text += ' (mark)';
  }
  return stages.map(({ text }) => text).join(', then ');
}

const MARKING: ReadonlySet<string> = new Set(['KUBE-MARK-MASQ', 'mark-for-masquerade']);

/** Hashes are told apart by their first letters; nftables' names say enough behind them. */
function shortChain(name: string): string {
  return name.replace(/^(KUBE-[A-Z]{2,3}-[A-Z2-7]{4})[A-Z2-7]{12}$/, '$1…');
}

/** How many of the first steps several paths have in common. */
export function commonLength(paths: readonly (readonly Step[])[]): number {
  const [first = [], ...others] = paths;
  const differs = first.findIndex((step, i) => others.some((path) => !isSameStep(path[i], step)));
  const shortest = Math.min(...paths.map((path) => path.length));
  return differs < 0 ? Math.min(first.length, shortest) : differs;
}

function isSameStep(a: Step | undefined, b: Step): boolean {
  return a !== undefined && a.rule.line === b.rule.line && a.hook === b.hook && a.table === b.table;
}
