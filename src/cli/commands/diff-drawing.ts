/** `diff -o mermaid` and `-o dot`: which Service is drawn, and the drawing. */
import type { NodeDiff } from '../../diff/change.ts';
import type { FamilyQuestion } from '../../diff/diff-family.ts';
import {
  type GraphService,
  hasService,
  iptablesQuestion,
  serviceGraph,
} from '../../diff/iptables/service-graph.ts';
import { diffDot, diffMermaid } from '../../report/diff-graph.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { readName } from '../../trace/packet-ends.ts';
import type { DiffOptions } from './diff-options.ts';

/** @throws OperationalError where no single Service is asked for. */
export function drawService(
  form: 'mermaid' | 'dot',
  diff: NodeDiff,
  questions: readonly FamilyQuestion[],
  options: DiffOptions,
): string {
  const drawable = questions.flatMap(iptablesQuestion);
  if (drawable.length < questions.length)
    throw new OperationalError(`-o ${form} draws rules of mode iptables only`);
  const service = chooseService(diff, questions, options);
  const drawn = {
    title: `${service.namespace}/${service.name}`,
    graph: serviceGraph(drawable, service),
    changes: diff.services.filter((each) => isSame(each, service)),
  };
  return form === 'dot' ? diffDot(drawn) : diffMermaid(drawn);
}

function isSame(a: GraphService, b: GraphService): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

/** The one that is named, or else the only one that differs. */
function chooseService(
  { services }: NodeDiff,
  questions: readonly FamilyQuestion[],
  { service: text, namespace = 'default', output }: DiffOptions,
): GraphService {
  if (text !== undefined) {
    const named = readName(text, namespace);
    if (named === undefined) throw new OperationalError(`${JSON.stringify(text)} is no name of a Service`);
    const views = questions.flatMap(({ intended, actual }) => [intended.view, actual.view ?? []].flat());
    if (services.some((each) => isSame(each, named)) || views.some((view) => hasService(view, named)))
      return named;
    throw new OperationalError(`neither side has a Service ${named.namespace}/${named.name}`);
  }
  const differing = new Map(services.map((each) => [`${each.namespace}/${each.name}`, each]));
  const [first] = differing.values();
  if (first !== undefined && differing.size === 1) return first;
  const names = [...differing.keys()];
  const shown = names.length > 10 ? `${names.slice(0, 10).join(', ')}, …` : names.join(', ');
  const found = first === undefined ? 'no Service differs' : `${differing.size} Services differ (${shown})`;
  throw new OperationalError(`-o ${output} draws one Service, and ${found}: name one with --service`);
}
