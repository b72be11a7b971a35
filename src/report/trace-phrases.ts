/** Words for what happens to a packet. In: steps and verdicts. Out: short texts, not yet made safe for a terminal. */
import type { SavedRule } from '../backends/iptables/saved.ts';
import { effectiveTrees, nestSteps, type StepTree } from '../trace/effective-steps.ts';
import type { Outcome, Step, Verdict } from '../trace/outcome.ts';
import type { Packet } from '../trace/packet.ts';
import { formatSocket } from '../trace/packet-ends.ts';

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
    : commentOf(step.rule);
}

export function commentOf({ matches }: SavedRule): string {
  for (const match of matches) if (match.kind === 'comment') return match.text;
  return '';
}

/** The rules that made a difference, in the tables that say where a packet goes. */
export function tellingSteps({ verdict, path }: Outcome): readonly StepTree[] {
  const trees = effectiveTrees(nestSteps(path));
  if (verdict.kind !== 'delivered') return trees;
  const telling = trees.filter(
    ({ step }) => step.table === 'nat' && (step.hook === 'PREROUTING' || step.hook === 'OUTPUT'),
  );
  // Where nothing translates the packet, what lets it pass is all that there is to tell.
  return telling.length > 0 ? telling : trees.filter(({ step }) => step.hook !== 'POSTROUTING');
}

/** `PREROUTING → KUBE-SERVICES → KUBE-EXT-XGLO… (mark for masquerade) → KUBE-SVC-XGLO…`; empty without steps. */
export function chainPath(steps: readonly Step[]): string {
  const stages: { readonly head: string; text: string }[] = [];
  for (const { table, hook, rule } of steps) {
    const head = table === 'nat' ? hook : `${table} ${hook}`;
    if (stages.at(-1)?.head !== head) stages.push({ head, text: head });
    const stage = stages.at(-1) as { text: string };
    const { target } = rule;
    if (target?.kind === 'jump' && target.chain === 'KUBE-MARK-MASQ') stage.text += ' (mark for masquerade)';
    else if (target?.kind === 'jump') stage.text += ` → ${shortChain(target.chain)}`;
    else if (target?.kind === 'mark' && rule.chain !== 'KUBE-MARK-MASQ') stage.text += ' (mark)';
  }
  return stages.map(({ text }) => text).join(', then ');
}

/** Hashes are told apart by their first letters. */
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
