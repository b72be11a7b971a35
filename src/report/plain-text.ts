/**
 * Makes text from anywhere safe to show on a terminal or in a log: one line, no control characters, nothing that is
 * invisible or changes the direction of what follows.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Unsafe characters become escapes such as `\x1b` and `\u202e`. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) as number;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
