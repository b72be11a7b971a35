/** How far a long command has come: one line on a terminal's stderr, which is gone in the end; nothing elsewhere. */
import type { CommandIO } from './io.ts';

export interface Progress {
  readonly step: () => void;
  readonly end: () => void;
}

/** @param what completes "3 of 10 …" */
export function showProgress(total: number, what: string, { stderr }: CommandIO): Progress {
  const isTerminal = 'isTTY' in stderr && stderr.isTTY === true;
  if (!isTerminal) return { step: () => {}, end: () => {} };
  let done = 0;
  const show = () => stderr.write(`\r${done} of ${total} ${what}\x1b[K`);
  show();
  return {
    step: () => {
      done++;
      show();
    },
    end: () => stderr.write('\r\x1b[K'),
  };
}
