/** In: any text. Out: one word for a shell that stands for it; within single quotes nothing is expanded. */
export function shellWord(text: string): string {
  if (/^[\w@%+:,./[\]-]+$/.test(text) && !/[[\]]/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
