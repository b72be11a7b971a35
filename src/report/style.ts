/** Colours, decided once: `--color`, then `NO_COLOR`, then whether the stream is a terminal. */
import { Chalk, type ChalkInstance } from 'chalk';

export type ColorChoice = 'auto' | 'always' | 'never';

export interface ColorEnvironment {
  readonly isTerminal: boolean;
  /** `NO_COLOR` of the environment; any text but the empty one counts. */
  readonly noColor: string | undefined;
}

export function style(choice: ColorChoice, { isTerminal, noColor }: ColorEnvironment): ChalkInstance {
  const colored = choice === 'always' || (choice === 'auto' && isTerminal && !noColor);
  return new Chalk({ level: colored ? 1 : 0 });
}
