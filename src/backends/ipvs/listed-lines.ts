/** What the parsers of a host's lists share: lines, sockets and numbers. In: text of any origin. Out: typed parts of it. */
import { canonicalIP } from '../../shared/ip.ts';
import type { ListedSocket } from './listed.ts';

export interface TextLine {
  /** 1-based. */
  readonly line: number;
  /** Without the line break and blanks before it. */
  readonly text: string;
}

/** Every line that is not blank. A text that does not end with a line break may be cut off in its last line. */
export function* linesOf(text: string): Generator<TextLine & { readonly cutOff: boolean }> {
  let line = 0;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    const cutOff = end < 0;
    if (cutOff) end = text.length;
    line++;
    const stop = text.charCodeAt(end - 1) === 0x0d && end > start ? end - 1 : end;
    const content = text.slice(start, stop);
    if (content.trim() !== '') yield { line, text: content, cutOff };
  }
}

/** `10.0.0.1:80`, `[fd00::1]:80`; undefined for names and all else. */
export function readListedSocket(text: string): ListedSocket | undefined {
  if (text.length > 60) return undefined;
  const [, v6, v4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const spelling = v6 ?? v4 ?? '';
  const address = canonicalIP(spelling);
  const port = readNumber(digits, 65_535);
  if (address === undefined || port === undefined || address.includes(':') !== (v6 !== undefined))
    return undefined;
  return address === spelling ? { address, port } : { address, port, spelling };
}

/** A decimal without needless zeros, as the kernel's tools print it. */
export function readNumber(text: string | undefined, largest = 0xffff_ffff): number | undefined {
  if (text === undefined || !/^(?:0|[1-9]\d{0,9})$/.test(text)) return undefined;
  const number = Number(text);
  return number <= largest ? number : undefined;
}
