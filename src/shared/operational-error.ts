/**
 * Something outside the program failed: a file is missing, a flag makes no sense, a command did not run.
 * Shown as one line on stderr, with its cause under `--debug`; the exit status is 2.
 */
export class OperationalError extends Error {
  override readonly name = 'OperationalError';
}
