/**
 * Rules that differ as a unified diff. In: chains as each side has them. Out: what `diff -u` prints of them, from the
 * host's rules to the intended ones, as `kubectl diff` goes from the live objects to those that would be applied.
 */
import type { ChainLines } from '../diff/change.ts';
import { plainText } from './plain-text.ts';

const CONTEXT = 3;

type Edit = ' ' | '-' | '+';

interface Line {
  readonly edit: Edit;
  readonly text: string;
}

export function diffUnified(chains: readonly ChainLines[]): string {
  return chains.map(unifiedChain).join('');
}

/** `iptables/nat/KUBE-SERVICES`, `nft/ip_kube-proxy/services`, a relative path that stays where it is: chains are named by hosts. */
export function chainFile({ family, table, chain }: ChainLines): string {
  const [tool, ...steps] = [toolOf(family, table), table, chain];
  return [tool, ...steps.map((step) => step.replace(/[^\w.+-]|^\.+/g, '_'))].join('/');
}

/** Tables of nftables are named with their family, and what is no rule has a table of its own. */
function toolOf(family: ChainLines['family'], table: string): string {
  if (table.includes(' ')) return 'nft';
  if (['ipvs', 'ipset', 'addresses'].includes(table)) return family === 'IPv4' ? 'ipv4' : 'ipv6';
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

function unifiedChain(chain: ChainLines): string {
  const lines = edits(chain.actual, chain.intended);
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return '';
  const file = chainFile(chain);
  return `--- actual/${file}\n+++ intended/${file}\n${hunks.join('')}`;
}

/** What both begin and end with is left out first: chains of big clusters differ in little. */
function edits(from: readonly string[], to: readonly string[]): readonly Line[] {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head++;
  let tail = 0;
  while (
    tail < from.length - head &&
    tail < to.length - head &&
    from[from.length - 1 - tail] === to[to.length - 1 - tail]
  )
    tail++;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ edit: ' ', text }));
  return [
    ...same(from.slice(0, head)),
    ...middle(from.slice(head, from.length - tail), to.slice(head, to.length - tail)),
    ...same(from.slice(from.length - tail)),
  ];
}

/** Beyond so many pairs of lines, all of one side is shown before all of the other. */
const MOST_PAIRS = 4_000_000;

/** By the longest common subsequence. */
function middle(from: readonly string[], to: readonly string[]): readonly Line[] {
  const width = to.length + 1;
  if (from.length * to.length > MOST_PAIRS) return bySet(from, to);
  const lengths = new Uint32Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      const [below, right] = [lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number];
      lengths[i * width + j] =
        from[i] === to[j] ? (lengths[(i + 1) * width + j + 1] as number) + 1 : Math.max(below, right);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      lines.push({ edit: ' ', text: from[i] as string });
      i++;
      j++;
    } else if (
      j >= to.length ||
      (i < from.length && (lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number))
    ) {
      lines.push({ edit: '-', text: from[i++] as string });
    } else lines.push({ edit: '+', text: to[j++] as string });
  }
  return lines;
}

function bySet(from: readonly string[], to: readonly string[]): readonly Line[] {
  const [before, after] = [new Set(from), new Set(to)];
  return [
    ...from.filter((text) => !after.has(text)).map((text): Line => ({ edit: '-', text })),
    ...to.map((text): Line => ({ edit: before.has(text) ? ' ' : '+', text })),
  ];
}

function hunksOf(lines: readonly Line[]): readonly string[] {
  const hunks: string[] = [];
  let [before, after] = [1, 1];
  for (let start = 0; start < lines.length; ) {
    if (lines[start]?.edit === ' ') {
      const next = lines.findIndex(({ edit }, i) => i > start && edit !== ' ');
      if (next < 0) break;
      const skipped = Math.max(0, next - CONTEXT - start);
      start += skipped;
      before += skipped;
      after += skipped;
    }
    let end = start;
    for (let quiet = 0; end < lines.length && quiet <= 2 * CONTEXT; end++) {
      quiet = lines[end]?.edit === ' ' ? (end - start < CONTEXT ? 0 : quiet + 1) : 0;
    }
    const last = lines.slice(start, end).findLastIndex(({ edit }) => edit !== ' ') + start;
    const hunk = lines.slice(start, Math.min(end, last + 1 + CONTEXT));
    const count = (edit: Edit) => hunk.filter((line) => line.edit !== edit).length;
    const [removed, added] = [count('+'), count('-')];
    hunks.push(`@@ -${range(before, removed)} +${range(after, added)} @@\n${hunk.map(unifiedLine).join('')}`);
    before += removed;
    after += added;
    start += hunk.length;
  }
  return hunks;
}

/** An empty range lies behind the line that is named. */
function range(start: number, count: number): string {
  const from = count === 0 ? start - 1 : start;
  return count === 1 ? `${from}` : `${from},${count}`;
}

function unifiedLine({ edit, text }: Line): string {
  return `${edit}${plainText(text)}\n`;
}
