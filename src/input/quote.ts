/** In: text from the input. Out: the same in quotes, short and harmless on one line of a terminal. */

const LONGEST = 60;

/** Characters that JSON leaves as they are although a terminal or a reader may be misled by them. */
const TREACHEROUS = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/g;

export function quote(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(shown).replace(
    TREACHEROUS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
