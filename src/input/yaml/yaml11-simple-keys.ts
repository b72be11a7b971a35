/** Where an implicit key may have started, for each flow collection that is open and for the block around them. */
import type { Yaml11Cursor } from './yaml11-cursor.ts';

/** A key and the blanks behind it may be this long. */
const MAX_LENGTH = 1024;

interface SimpleKey {
  possible: boolean;
  /** Nothing but a key may stand there. */
  required: boolean;
  offset: number;
  line: number;
  column: number;
}

export class SimpleKeys {
  private readonly cursor: Yaml11Cursor;
  private readonly keys: SimpleKey[] = [none()];

  constructor(cursor: Yaml11Cursor) {
    this.cursor = cursor;
  }

  /** A flow collection opens. */
  push(): void {
    this.keys.push(none());
  }

  /** A flow collection closes. */
  pop(): void {
    this.keys.pop();
  }

  /** A node starts at the cursor that may turn out to be a key. */
  start(required: boolean): void {
    this.drop();
    const key = this.current();
    key.possible = true;
    key.required = required;
    key.offset = this.cursor.offset;
    key.line = this.cursor.line;
    key.column = this.cursor.column;
  }

  /** Whether a ":" at the cursor makes a key of the last node. */
  isPossible(): boolean {
    const key = this.current();
    if (!key.possible) return false;
    const { line, offset } = this.cursor;
    if (key.line === line && key.offset + MAX_LENGTH >= offset) return true;
    this.drop();
    return false;
  }

  /** The last node is a key: its column. */
  take(): number {
    const key = this.current();
    key.possible = false;
    return key.column;
  }

  /** The last node is no key. */
  drop(): void {
    const key = this.current();
    if (key.possible && key.required) this.cursor.refuse('":" is missing behind the key', key.offset);
    key.possible = false;
  }

  private current(): SimpleKey {
    return this.keys.at(-1) as SimpleKey;
  }
}

function none(): SimpleKey {
  return { possible: false, required: false, offset: 0, line: 0, column: 0 };
}
