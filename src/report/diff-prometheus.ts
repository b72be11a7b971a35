/**
 * Comparisons as figures for Prometheus. In: an answer for each node, and when it was asked. Out: text that is both OpenMetrics
 * 1.0 and what the node exporter's textfile collector reads (text format 0.0.4): gauges without times of their own, escaped
 * labels, `# EOF` at the end.
 */
import type { NodeDiff } from '../diff/change.ts';
import type { NodeAnswer } from './diff-nodes-text.ts';
import { differingServices } from './diff-text.ts';

/** A node that has lost all rules must not make a series for each of ten thousand Services. */
const MOST_SERIES = 100;

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Compared {
  readonly node: string;
  readonly diff: NodeDiff;
}

/** Figures of one node, by the names of their families. */
const FIGURES: readonly (readonly [name: string, help: string, value: (diff: NodeDiff) => number])[] = [
  ['svcrules_compared_services', 'Services whose rules were compared.', (diff) => diff.compared],
  ['svcrules_diff_services', 'Services that the node treats otherwise than intended.', differingServices],
  [
    'svcrules_diff_foreign_rules',
    'Rules of others, or shared by Services, that change what becomes of Service traffic.',
    ({ foreign }) => foreign.length,
  ],
  [
    'svcrules_diff_doubts',
    'Rules of which it cannot be told whether they change anything.',
    ({ unknown }) => unknown.filter(({ open }) => open).length,
  ],
  ['svcrules_diff_stale_chains', 'Chains of kube-proxy that nothing refers to.', ({ stale }) => stale.length],
];

/** @param at milliseconds since 1970 */
export function diffPrometheus(answers: readonly NodeAnswer[], at: number): string {
  const compared = answers.filter((answer) => answer.kind === 'compared');
  return [
    family(
      'svcrules_up',
      'Whether the node could be compared.',
      answers.map(({ node, kind }) => ({ labels: { node }, value: kind === 'compared' ? 1 : 0 })),
    ),
    family(
      'svcrules_last_run_timestamp_seconds',
      'When the node was last compared, or that was tried.',
      answers.map(({ node }) => ({ labels: { node }, value: at / 1000 })),
    ),
    family(
      'svcrules_diff_equal',
      'Whether the rules of the node are those that kube-proxy of this mode and release should have programmed.',
      compared.map(({ node, diff, head: { mode, release } }) => ({
        labels: { node, mode, release },
        value: diff.equal ? 1 : 0,
      })),
    ),
    ...FIGURES.map(([name, help, value]) =>
      family(
        name,
        help,
        compared.map(({ node, diff }) => ({ labels: { node }, value: value(diff) })),
      ),
    ),
    family(
      'svcrules_diff_changes',
      `Changes of a Service by their kind; of a node at most ${MOST_SERIES} series.`,
      compared.flatMap(changes),
    ),
    '# EOF\n',
  ].join('');
}

/** A Service has ports and families with changes of the same kind. */
function changes({ node, diff }: Compared): readonly Sample[] {
  const samples = new Map<string, { readonly labels: Labels; value: number }>();
  for (const { namespace, name, changes } of diff.services) {
    for (const { kind } of changes) {
      const key = `${namespace}/${name} ${kind}`;
      const known = samples.get(key);
      if (known !== undefined) known.value++;
      else if (samples.size < MOST_SERIES)
        samples.set(key, { labels: { node, namespace, service: name, kind }, value: 1 });
    }
  }
  return [...samples.values()];
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const head = `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
  return samples.reduce((text, { labels, value }) => `${text}${name}${labelText(labels)} ${value}\n`, head);
}

function labelText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}
