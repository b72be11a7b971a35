/** What completion offers. In: nothing; this file has shapes, and cobra's numbers for what the shell does with them. */

export interface Candidate {
  readonly text: string;
  readonly description?: string;
}

/** cobra's ShellCompDirective. */
export const FILES = 0;
export const NO_FILES = 4;
export const FOLDERS = 16;

export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly directive: typeof FILES | typeof NO_FILES | typeof FOLDERS;
}

export const NOTHING: Completion = { candidates: [], directive: NO_FILES };

export function only(texts: Iterable<string>): Completion {
  return { candidates: [...texts].map((text) => ({ text })), directive: NO_FILES };
}
