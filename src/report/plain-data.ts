/**
 * Data as JSON or YAML that is safe to show on a terminal as well. In: a value. Out: text of the same value, in which escapes
 * stand for what a terminal would act on: control characters, and what is invisible or changes the direction of text.
 */
import { dump } from 'js-yaml';

/** As in `plain-text.ts`, but for the ends of lines, which are the form's own. */
const UNSAFE = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Cc}\n]/gu;

/** With two blanks a level, and a newline at the end. */
export function plainJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(UNSAFE, escapeInJson)}\n`;
}

/** A document, with a newline at the end. */
export function plainYaml(value: unknown): string {
  const options = { lineWidth: -1, noRefs: true } as const;
  const text = dump(value, options);
  if (text.search(UNSAFE) < 0) return text;
  // Only between double quotes there are escapes.
  return dump(value, { ...options, forceQuotes: true, quoteStyle: 'double' }).replace(UNSAFE, escapeInYaml);
}

/** Such characters stand within strings only, and are the same as their escapes. */
function escapeInJson(character: string): string {
  const units = character.split('');
  return units.map((unit) => `\\u${hexadecimal(unit.charCodeAt(0), 4)}`).join('');
}

function escapeInYaml(character: string): string {
  const code = character.codePointAt(0) as number;
  return code < 0x10000 ? `\\u${hexadecimal(code, 4)}` : `\\U${hexadecimal(code, 8)}`;
}

function hexadecimal(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
