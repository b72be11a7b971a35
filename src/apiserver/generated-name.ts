/**
 * Names for objects that give only the start of one. The API server appends five random characters (apiserver
 * `pkg/storage/names`); here they follow from the object, so that the same input gives the same name.
 */
import { createHash } from 'node:crypto';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_PREFIX_LENGTH = 63 - SUFFIX_LENGTH;

/** A name that starts with `prefix` and is not taken. */
export function generateName(prefix: string, object: unknown, isTaken: (name: string) => boolean): string {
  const content = JSON.stringify(object);
  for (let attempt = 0; ; attempt++) {
    const digest = createHash('sha256').update(`${attempt} ${content}`).digest();
    const suffix = Array.from(digest.subarray(0, SUFFIX_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]);
    const name = prefix.slice(0, MAX_PREFIX_LENGTH) + suffix.join('');
    if (!isTaken(name)) return name;
  }
}
