/**
 * Looks a name up as a program in a Pod does. In: a name and the Pod's resolv.conf. Out: each name that is tried, with
 * CoreDNS's answer, up to the first that has records. Mirrors `__res_context_search` of glibc 2.36.
 */
import { parseIP } from '../../shared/ip.ts';
import { answerQuestion, type DnsAnswer } from './answer.ts';
import type { DnsSource } from './lookup.ts';
import { absolute, isSendable } from './names.ts';
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
    const result: DnsAnswer = isCluster ? answerQuestion(source, candidate, type) : { kind: 'outside' };
    attempts.push({ name: candidate, result });
    if (result.kind === 'answer' && result.answer.length > 0) break;
  }
  return attempts;
}

/** Whether a program that wants addresses takes the name for one and asks nobody: also `1`, `0x7f.1` and the like, as `inet_aton` does. */
export function isAddress(name: string): boolean {
  if (parseIP(name) !== undefined) return true;
  const parts = name.split('.').map(addressPart);
  const last = parts.pop() ?? Number.NaN;
  return parts.length < 4 && parts.every((part) => part < 256) && last < 256 ** (4 - parts.length);
}

function addressPart(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]*$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * The names to try, in their order. A name that cannot be sent ends the search; the name itself is tried all the same. A domain
 * that stands twice in the search list is tried twice.
 */
export function candidateNames(name: string, conf: ResolvConf | undefined): readonly string[] {
  const itself = absolute(name);
  const asItIs = isSendable(itself) ? [itself] : [];
  if (name.endsWith('.') || conf === undefined) return asItIs;
  const all = conf.search.map((domain) => (domain === '.' ? itself : `${itself}${absolute(domain)}`));
  const end = all.findIndex((candidate) => !isSendable(candidate));
  const searched = end < 0 ? all : all.slice(0, end);
  const dots = name.split('.').length - 1;
  if (dots >= ndotsOf(conf)) return [...asItIs, ...searched];
  return searched.includes(itself) ? searched : [...searched, ...asItIs];
}
