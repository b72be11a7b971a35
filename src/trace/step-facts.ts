/** What is to be known of a step, in the words that all modes share. In: nothing; this file is the shape. */
export interface StepFacts {
  /**
   * `idle` leaves the packet as it was and lets it go on; a `jump` is judged by what comes of it; `source` gives it another
   * source, `other` is all else that decides.
   */
  readonly does: 'jump' | 'return' | 'idle' | 'mark' | 'source' | 'other';
  /** The chain to which it sends the packet on. */
  readonly leadsTo: string | undefined;
  /** Empty if there is none. */
  readonly comment: string;
  /** The lists that remember the packet's source from here on. */
  readonly remembers: readonly string[];
}
