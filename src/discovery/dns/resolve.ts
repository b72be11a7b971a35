/**
 * Looks a name up as a program in a Pod does. In: a name and the Pod's resolv.conf. Out: each name that is tried, with
 * CoreDNS's answer, up to the first that has records. Mirrors `__res_context_search` of glibc 2.36.
 */
import { answerQuestion, type DnsAnswer } from './answer.ts';
import type { DnsSource } from './lookup.ts';
import { isSendable } from './names.ts';
import type { QueryType } from './record.ts';
import { ndotsOf, type ResolvConf } from './resolv-conf.ts';

export interface Attempt {
  /** Absolute. */
  readonly name: string;
  readonly result: DnsAnswer;
}

/**
 * @param name as it stands in a program: with a dot at its end it is absolute
 * @param conf undefined for a question to CoreDNS itself
 * @param isCluster whether the first name server is CoreDNS; the answers of others are not known
 */
export function resolve(
  source: DnsSource,
  name: string,
  type: QueryType,
  conf: ResolvConf | undefined,
  isCluster: boolean,
): readonly Attempt[] {
  const attempts: Attempt[] = [];
  for (const candidate of candidateNames(name, conf)) {
    if (!isSendable(candidate)) continue;
    const result: DnsAnswer = isCluster ? answerQuestion(source, candidate, type) : { kind: 'outside' };
    attempts.push({ name: candidate, result });
    if (result.kind === 'answer' && result.answer.length > 0) break;
  }
  return attempts;
}

/** The names to try, in their order. */
export function candidateNames(name: string, conf: ResolvConf | undefined): readonly string[] {
  if (name.endsWith('.')) return [name];
  const itself = `${name}.`;
  if (conf === undefined) return [itself];
  const searched = conf.search.map((domain) => (domain === '.' ? itself : `${itself}${domain}.`));
  const dots = name.split('.').length - 1;
  return [...new Set(dots >= ndotsOf(conf) ? [itself, ...searched] : [...searched, itself])];
}
