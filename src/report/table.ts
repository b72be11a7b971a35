/** Aligned columns, as kubectl prints tables. */
import { plainText } from './plain-text.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(plainText));
  const widths = head.map((_, column) =>
    cells.reduce((width, row) => Math.max(width, (row[column] as string).length), 0),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}
