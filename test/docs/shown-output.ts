/**
 * What a page shows of an output, against what a command prints. A line `…` stands for any lines, at least one; `…`
 * within a line for any text. Out: whether the two agree, and what the page should show instead.
 */
export const CUT = '…';

const isCut = (line: string): boolean => line.trim() === CUT;

export function agrees(shown: readonly string[], printed: readonly string[]): boolean {
  const known = new Map<number, boolean>();
  const from = (s: number, p: number): boolean => {
    const key = s * (printed.length + 1) + p;
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = step(s, p);
    known.set(key, result);
    return result;
  };
  const step = (s: number, p: number): boolean => {
    const line = shown[s];
    if (line === undefined) return p === printed.length;
    if (isCut(line)) return p < printed.length && (from(s, p + 1) || from(s + 1, p + 1));
    return p < printed.length && lineAgrees(line, printed[p]!) && from(s + 1, p + 1);
  };
  return from(0, 0);
}

function lineAgrees(shown: string, printed: string): boolean {
  if (shown === printed) return true;
  const pieces = shown.split(CUT);
  if (pieces.length === 1) return false;
  const pattern = pieces.map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`).test(printed);
}

/**
 * The output as the page should show it: the printed lines that are most like those shown before, cut where they were
 * cut. A page that showed everything shows everything again.
 */
export function brought(shown: readonly string[], printed: readonly string[]): readonly string[] {
  if (agrees(shown, printed)) return shown;
  if (!shown.some(isCut)) return printed;
  const wanted = shown.filter((line) => !isCut(line));
  const chosen = alignment(wanted, printed);
  const lines: string[] = [];
  let next = 0;
  wanted.forEach((line, i) => {
    const at = chosen[i]!;
    if (at === undefined) return;
    if (at > next) lines.push(CUT);
    lines.push(lineAgrees(line, printed[at]!) ? line : printed[at]!);
    next = at + 1;
  });
  if (next < printed.length) lines.push(CUT);
  return lines;
}

/** For each line the index of its likeness, in order; undefined where nothing is like it. */
function alignment(wanted: readonly string[], printed: readonly string[]): readonly (number | undefined)[] {
  const best: number[][] = Array.from({ length: wanted.length + 1 }, () =>
    new Array<number>(printed.length + 1).fill(0),
  );
  for (let w = wanted.length - 1; w >= 0; w--) {
    for (let p = printed.length - 1; p >= 0; p--) {
      const taken = likeness(wanted[w]!, printed[p]!) + best[w + 1]![p + 1]!;
      best[w]![p] = Math.max(taken, best[w + 1]![p]!, best[w]![p + 1]!);
    }
  }
  const chosen: (number | undefined)[] = wanted.map(() => undefined);
  for (let w = 0, p = 0; w < wanted.length && p < printed.length; ) {
    const taken = likeness(wanted[w]!, printed[p]!);
    if (best[w]![p] === best[w]![p + 1]!) p++;
    else if (taken > 0 && best[w]![p] === taken + best[w + 1]![p + 1]!) chosen[w++] = p++;
    else w++;
  }
  return chosen;
}

/** From 0 to 1: how many words two lines share. Less than a third is nothing; a cut line that agrees is the same. */
function likeness(a: string, b: string): number {
  if (lineAgrees(a, b)) return 1;
  const [left, right] = [new Set(a.trim().split(/\s+/)), new Set(b.trim().split(/\s+/))];
  const shared = [...left].filter((word) => right.has(word)).length / Math.max(left.size, right.size);
  return shared < 1 / 3 ? 0 : shared * 0.99;
}
