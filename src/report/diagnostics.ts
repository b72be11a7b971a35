/** Shows diagnostics as text: `file:line:column: error: object: field: what`, then why it matters and how to mend it. */
import type { ChalkInstance } from 'chalk';
import {
  type Diagnostic,
  formatObjectReference,
  type Position,
  type Severity,
} from '../shared/diagnostic.ts';
import { plainText } from './plain-text.ts';

export type Locate = (diagnostic: Diagnostic) => Position | undefined;

/** A line or more for one diagnostic, each with its newline. */
export function diagnosticText(diagnostic: Diagnostic, locate: Locate, chalk: ChalkInstance): string {
  const { origin, object, message, why, mend, severity } = diagnostic;
  const position = locate(diagnostic);
  const place = position === undefined ? origin?.file : `${origin?.file}:${position.line}:${position.column}`;
  const parts = [
    place === undefined ? undefined : chalk.bold(plainText(place)),
    paint(severity, chalk)(severity),
    object === undefined ? undefined : plainText(formatObjectReference(object)),
    plainText(message),
  ];
  let text = `${parts.filter((part) => part !== undefined).join(': ')}\n`;
  if (why !== undefined) text += `    why:  ${plainText(why)}\n`;
  if (mend !== undefined) text += `    mend: ${plainText(mend)}\n`;
  return text;
}

function paint(severity: Severity, chalk: ChalkInstance): (text: string) => string {
  switch (severity) {
    case 'error':
      return chalk.red;
    case 'warning':
      return chalk.yellow;
    case 'note':
      return chalk.blue;
  }
}
