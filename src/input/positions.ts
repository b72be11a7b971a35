/** In: bytes of a UTF-8 file. Out: lines and columns. */
import type { Position } from '../shared/diagnostic.ts';

export const FILE_START: Position = { line: 1, column: 1 };

/** Goes through bytes once, from front to back. */
export class PositionCounter {
  private readonly bytes: Uint8Array;
  private offset = 0;
  private line: number;
  private column: number;

  /** @param start the position of the first of `bytes` within the file */
  constructor(bytes: Uint8Array, start: Position) {
    this.bytes = bytes;
    this.line = start.line;
    this.column = start.column;
    const isFileStart = start.line === 1 && start.column === 1;
    // Editors do not count a byte order mark as a column.
    if (isFileStart && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.offset = 3;
  }

  /** The position of a byte that is not before the one asked for last. */
  advance(offset: number): Position {
    const bytes = this.bytes;
    const end = Math.min(offset, bytes.length);
    while (this.offset < end) {
      const byte = bytes[this.offset++] as number;
      if (byte === 0x0a) {
        this.line++;
        this.column = 1;
      } else if (!isContinuation(byte)) {
        // A character of four bytes is a pair of code units, unless it is cut off.
        this.column += byte >= 0xf0 && isContinuation(bytes[this.offset + 2]) ? 2 : 1;
      }
    }
    return { line: this.line, column: this.column };
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The position of one byte. */
export function positionAt(bytes: Uint8Array, offset: number, start: Position = FILE_START): Position {
  return new PositionCounter(bytes, start).advance(offset);
}
