/**
 * Which chains two texts of `iptables-save` spell alike. In: both texts. Out: the chains whose rules are the same line by line,
 * which need not be read to be compared, and the one text without them.
 *
 * A big cluster's rules are nearly all the same, and to compare text costs a tenth of reading it. What is not spelled
 * alike is not different yet.
 */

export interface SameText {
  /** By `nat KUBE-SERVICES`. */
  readonly same: ReadonlySet<string>;
  /** The intended text without the rules of those chains, but with their names. */
  readonly rest: string;
}

export function sameText(intended: string, actual: string): SameText {
  const wanted = readBlocks(intended);
  const found = readBlocks(withoutCounters(actual));
  const same = new Set<string>();
  let rest = '';
  let from = 0;
  for (const { key, start, end, text } of wanted.values()) {
    // A chain whose rules stand in several places is read.
    if (text === undefined || found.get(key)?.text !== text || READ.test(key)) continue;
    same.add(key);
    rest += intended.slice(from, start);
    from = end;
  }
  return { same, rest: rest + intended.slice(from) };
}

/** What is looked at in any case: the built-in chains, and which mark is kube-proxy's. */
const READ = / (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING|KUBE-MARK-MASQ)$/;

function withoutCounters(text: string): string {
  return text.includes('\n[') ? text.replace(/^\[\d+:\d+\] (?=-A )/gm, '') : text;
}

interface Block {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Undefined where the chain's rules do not stand together. */
  readonly text: string | undefined;
}

/** The rules of each chain that has some, in the order of the text. */
function readBlocks(text: string): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  let table = '';
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('-A ', at)) {
      const blank = text.indexOf(' ', at + 3);
      if (blank < 0) break;
      const prefix = text.slice(at, blank + 1);
      const key = `${table} ${text.slice(at + 3, blank)}`;
      const start = at;
      while (text.startsWith(prefix, at)) at = nextLine(text, at);
      const isAgain = blocks.has(key);
      blocks.set(key, { key, start, end: at, text: isAgain ? undefined : text.slice(start, at) });
      continue;
    }
    const end = nextLine(text, at);
    if (text[at] === '*') table = text.slice(at + 1, end).trimEnd();
    at = end;
  }
  return blocks;
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
