/**
 * The textual forms of names, labels and ports. Each function takes a string and returns what is wrong with it, as the end of
 * a sentence, or undefined. None of the forms admits white space, quotes or control characters.
 *
 * Mirrors apimachinery `pkg/util/validation` and `pkg/api/validate/content` of Kubernetes 1.37.
 */

/** Says what is wrong with a string, continuing the sentence "FIELD VALUE …"; undefined where nothing is. */
export type FormCheck = (value: string) => string | undefined;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Both parts at once, for what is so short that neither can be too long. */
const QUALIFIED_NAME =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const DNS_LABEL_LIMIT = 63;
const DNS_SUBDOMAIN_LIMIT = 253;
const LABEL_LIMIT = 63;

/** A DNS label (RFC 1123): namespaces, Services, ports. */
export function checkDNSLabel(value: string): string | undefined {
  if (value.length > DNS_LABEL_LIMIT) return `must be no longer than ${DNS_LABEL_LIMIT} characters`;
  if (DNS_LABEL.test(value)) return undefined;
  if (DNS_SUBDOMAIN.test(value)) return 'must not contain dots';
  return "must be a DNS label: lower-case letters, digits and '-', with a letter or digit at both ends";
}

/** A DNS subdomain (RFC 1123), labels with dots between: nodes, slices and most other names. */
export function checkDNSSubdomain(value: string): string | undefined {
  if (value.length > DNS_SUBDOMAIN_LIMIT) return `must be no longer than ${DNS_SUBDOMAIN_LIMIT} characters`;
  if (DNS_SUBDOMAIN.test(value)) return undefined;
  return "must be a DNS name: lower-case letters, digits, '-' and '.', with a letter or digit at both ends of each part";
}

/** A domain name of at least two labels; a dot may follow. */
export function checkFullyQualifiedName(value: string): string | undefined {
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const problem = checkDNSSubdomain(name);
  if (problem !== undefined) return problem;
  const labels = name.split('.');
  if (labels.length < 2) return 'must be a domain name of at least two parts';
  return labels.every((label) => label.length <= DNS_LABEL_LIMIT)
    ? undefined
    : `must have no part longer than ${DNS_LABEL_LIMIT} characters`;
}

/** The key of a label, `name` or `prefix/name`; finalizers and application protocols have the same form. */
export function checkQualifiedName(value: string): string | undefined {
  if (value.length <= LABEL_LIMIT && QUALIFIED_NAME.test(value)) return undefined;
  const slash = value.indexOf('/');
  const name = slash < 0 ? value : value.slice(slash + 1);
  if (name.includes('/')) return "must have the form 'name' or 'example.com/name'";
  if (slash >= 0) {
    const problem = checkDNSSubdomain(value.slice(0, slash));
    if (problem !== undefined) return "must have a DNS name before its '/'";
  }
  if (name.length > LABEL_LIMIT) return `must have a name part of at most ${LABEL_LIMIT} characters`;
  if (LABEL_NAME.test(name)) return undefined;
  return "must consist of letters, digits, '-', '_' and '.', with a letter or digit at both ends";
}

/** The value of a label: empty, or like the name part of its key. */
export function checkLabelValue(value: string): string | undefined {
  if (value.length > LABEL_LIMIT) return `must be no longer than ${LABEL_LIMIT} characters`;
  if (value === '' || LABEL_NAME.test(value)) return undefined;
  return "must be empty or consist of letters, digits, '-', '_' and '.', with a letter or digit at both ends";
}

/** The name of a container port, which a Service may target (RFC 6335). */
export function checkPortName(value: string): string | undefined {
  if (value.length > 15) return 'must be a port number or a port name of at most 15 characters';
  if (!/^[-a-z0-9]+$/.test(value)) {
    return "must be a port number or a port name: lower-case letters, digits and '-'";
  }
  if (!/[a-z]/.test(value)) return 'must contain a letter; a port number is written without quotes';
  if (value.includes('--')) return "must not contain '--'";
  if (value.startsWith('-') || value.endsWith('-')) return "must not begin or end with '-'";
  return undefined;
}

/** 1 to 65535. */
export function checkPortNumber(value: number): string | undefined {
  return value >= 1 && value <= 65535 ? undefined : 'must be between 1 and 65535';
}

/** Checks a `generateName`: like a name, but it may end in '-'. */
export function asPrefix(check: FormCheck): FormCheck {
  return (value) => check(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value);
}
