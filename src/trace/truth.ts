/** Yes, no, or why nobody can tell: what a tracer says of a question about a packet. */

export type Truth = boolean | Unknown;

export interface Unknown {
  readonly kind: 'unknown';
  /** What is not known, as a clause: `the source port is unknown`. */
  readonly reason: string;
}

export function unknown(reason: string): Unknown {
  return { kind: 'unknown', reason };
}

export function negateIf(negated: boolean | undefined, truth: Truth): Truth {
  return typeof truth === 'boolean' && negated === true ? !truth : truth;
}

/** One known no decides, whatever else is unknown. */
export function both(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === true ? b : a;
}
