/**
 * Marks by which a finding is known again. In: findings in their order. Out: the same with a fingerprint, made of the rule,
 * the object and the field: neither lines that move nor files that are renamed change it.
 */
import { createHash } from 'node:crypto';
import type { Draft, Finding } from './finding.ts';

export function withFingerprints(drafts: readonly Draft[]): readonly Finding[] {
  const seen = new Map<string, number>();
  return drafts.map((draft) => {
    const { code, object, field, origin } = draft;
    // What belongs to no object is known by its file.
    const subject =
      object === undefined
        ? ['', '', origin?.file ?? '']
        : [object.kind, object.namespace ?? '', object.name];
    const key = JSON.stringify([code, ...subject, field ?? '']);
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const fingerprint = createHash('sha256').update(`${key}\n${nth}`).digest('hex').slice(0, 32);
    return { ...draft, fingerprint };
  });
}
