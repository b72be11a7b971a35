/**
 * Writes variables as a file: for programs that take `NAME=value`, or for a shell. In: variables. Out: one a line.
 *
 * Of Services that were admitted, names and values have only letters, digits and `_ . : / [ ] -`, so nothing needs quoting
 * but for a shell's globs.
 */
import type { Variable } from './service-variables.ts';

/** @throws Error for a name or value that could be more than one, whatever happened before. */
export function environmentText(variables: readonly Variable[], form: 'plain' | 'export'): string {
  return variables
    .map(({ name, value }) => {
      if (!/^[A-Za-z0-9_.]+$/.test(name) || !/^[A-Za-z0-9_.:/[\]-]*$/.test(value)) {
        throw new Error(`refusing to write a variable with anything but letters, digits and signs in it`);
      }
      return form === 'plain' ? `${name}=${value}\n` : `export ${name}='${value}'\n`;
    })
    .join('');
}
