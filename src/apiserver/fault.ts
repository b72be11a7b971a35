/**
 * Faults: what is wrong with one field, before it is known which object in which file it belongs to.
 * The codes are the reasons that the API server gives (`metav1.CauseType`, Kubernetes 1.37).
 */
import { type FieldPath, formatFieldPath } from '../shared/diagnostic.ts';

export type FaultCode =
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueRequired'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'UnknownField'
  /** The API server answers so where it refuses a value but not as the fault of a field. */
  | 'InternalError'
  | 'AlreadyExists';

/** What the API server warns of; its warnings bear no reason. */
export type WarningCode = 'Deprecated' | 'Ineffective' | 'NonCanonicalAddress';

export interface Fault {
  readonly code: FaultCode | WarningCode;
  readonly path: FieldPath;
  /** As the API server spells it; now and then that is not the path. */
  readonly field: string;
  /** A whole sentence, hostile characters escaped. */
  readonly message: string;
  readonly why?: string;
  readonly mend?: string;
}

/** Collects faults; validators append to it. */
export type Faults = Fault[];

/** Spells a path as the API server does, keys that are no plain word escaped. */
function spell(path: FieldPath): string {
  return formatFieldPath(path.map((step) => (typeof step === 'number' ? step : printable(step))));
}

/** The value has the wrong form; `problem` continues the sentence "FIELD VALUE …". */
export function invalid(path: FieldPath, value: unknown, problem: string, field = spell(path)): Fault {
  return { code: 'FieldValueInvalid', path, field, message: `${field} ${quote(value)} ${problem}` };
}

/** `reason` continues the sentence "FIELD must be set". */
export function required(path: FieldPath, reason = '', field = spell(path)): Fault {
  const message = `${field} must be set${reason === '' ? '' : `: ${reason}`}`;
  return { code: 'FieldValueRequired', path, field, message };
}

export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): Fault {
  const field = spell(path);
  const message = `${field} ${quote(value)} is not one of ${supported.join(', ')}`;
  return { code: 'FieldValueNotSupported', path, field, message };
}

export function duplicate(path: FieldPath, value: unknown, problem = 'stands twice'): Fault {
  const field = spell(path);
  return { code: 'FieldValueDuplicate', path, field, message: `${field} ${quote(value)} ${problem}` };
}

/** `problem` continues the sentence "FIELD …". */
export function forbidden(path: FieldPath, problem: string, field = spell(path)): Fault {
  return { code: 'FieldValueForbidden', path, field, message: `${field} ${problem}` };
}

export function tooMany(path: FieldPath, count: number, limit: number): Fault {
  const field = spell(path);
  return {
    code: 'FieldValueTooMany',
    path,
    field,
    message: `${field} has ${count} items, at most ${limit} may be`,
  };
}

export function tooLong(path: FieldPath, limit: number): Fault {
  const field = spell(path);
  return { code: 'FieldValueTooLong', path, field, message: `${field} is longer than ${limit} bytes` };
}

/** A fault of another code than those above; `problem` continues the sentence "FIELD …". */
export function fault(code: Fault['code'], path: FieldPath, problem: string, field = spell(path)): Fault {
  return { code, path, field, message: `${field} ${problem}` };
}

const QUOTE_LIMIT = 80;

/** A value as messages show it: JSON, shortened, with nothing that could steer a terminal or a log. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const whole = printable(text);
  return whole.length <= QUOTE_LIMIT ? whole : `${whole.slice(0, QUOTE_LIMIT - 1)}…`;
}

/** Escapes control, format (bidirectional marks among them), separator and unassigned characters. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) as number).toString(16)}}`,
  );
}
