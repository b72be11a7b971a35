/** `diff`: the intended rules of a node and those of a host, or of another compilation, in; what differs, and what that does, out. */
import { basename, dirname } from 'node:path';
import type { NodeDiff } from '../../diff/change.ts';
import { diffNode } from '../../diff/diff-node.ts';
import { diffHtml } from '../../report/diff-html.ts';
import { diffJson } from '../../report/diff-json.ts';
import { diffMarkdown } from '../../report/diff-markdown.ts';
import { diffPrometheus } from '../../report/diff-prometheus.ts';
import { diffText } from '../../report/diff-text.ts';
import { diffUnified } from '../../report/diff-unified.ts';
import { style } from '../../report/style.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { writeArtifacts } from '../write-artifacts.ts';
import { diffAllNodes } from './diff-all-nodes.ts';
import { diffBundle } from './diff-bundle.ts';
import { drawService } from './diff-drawing.ts';
import { runExternalDiff } from './diff-external.ts';
import { comparedOrNot, compareEvery, writeMetrics } from './diff-metrics.ts';
import { checkDiffOptions, type DiffOptions } from './diff-options.ts';
import { loadSides, type Sides } from './diff-sides.ts';

/** @returns 0 where both sides are the same, 1 where they differ or it cannot be told, 2 where something was refused. */
export async function diffCommand(options: DiffOptions, io: CommandIO): Promise<number> {
  checkDiffOptions(options);
  const { every } = options;
  const compare = () => comparedOrNot(() => diffOnce(options, io), options);
  return every === undefined ? compare() : compareEvery(every, compare, io);
}

async function diffOnce(options: DiffOptions, io: CommandIO): Promise<number> {
  if (options.bundle !== undefined) return diffBundle(options.bundle, options, io);
  if (options.allNodes) return diffAllNodes(options, io);
  const sides = await loadSides(options, io);
  if (sides === undefined) return 2;
  const diff = diffNode(sides.questions, sides.leftovers);
  const answer = { kind: 'compared', node: sides.head.node, head: sides.head, diff } as const;
  await writeMetrics([answer], options);
  if (options.html !== undefined) await writePage(options.html, diffHtml(diff, sides.head));
  const external = io.env.KUBECTL_EXTERNAL_DIFF;
  if (options.output === 'unified' && external) await runExternalDiff(external, diff.chains(), io);
  else await writeAll(io.stdout, [print(diff, sides, options, io)]);
  return diff.equal ? 0 : 1;
}

/** Whole or not at all. */
async function writePage(path: string, text: string): Promise<void> {
  await writeArtifacts(dirname(path), [{ name: basename(path), text: () => [text] }]);
}

function print(diff: NodeDiff, { head, questions }: Sides, options: DiffOptions, io: CommandIO): string {
  switch (options.output) {
    case 'json':
      return diffJson(diff);
    case 'unified':
      return diffUnified(diff.chains());
    case 'markdown':
      return diffMarkdown(diff, head);
    case 'mermaid':
    case 'dot':
      return drawService(options.output, diff, questions, options);
    case 'prometheus':
      return diffPrometheus([{ kind: 'compared', node: head.node, head, diff }], Date.now());
    case 'text': {
      const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
      const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
      const [showStale, all] = [options.showStale === true, options.verbose === true];
      return diffText(diff, head, { chalk, showStale, all });
    }
    default:
      return options.output satisfies never;
  }
}
