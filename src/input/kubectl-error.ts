/**
 * Why kubectl ended with an error. In: what it said on stderr. Out: one sentence, and what kind of failure it is.
 *
 * Mirrors how kubectl 1.25 to 1.37 prints the API server's answers (k8s.io/kubectl/pkg/cmd/util, StandardErrorMessage).
 */
/** What went wrong with one request; `message` is one sentence without a full stop. */
export interface KubectlFailure {
  readonly kind: KubectlFailureKind;
  readonly message: string;
  /** What kubectl said on stderr. */
  readonly detail: string;
}

export type KubectlFailureKind =
  /** 403. */
  | 'forbidden'
  /** 404: the server lacks the object, or does not serve the resource. */
  | 'notFound'
  /** 410: the rest of a list is gone. */
  | 'expired'
  /** No request of this kind can succeed now. */
  | 'failed'
  /** Ended because `signal` asked for it. */
  | 'aborted';

/** What the API server calls a failure, and the status that kubectl names where the server gave no word for it. */
const KINDS: ReadonlyMap<string, KubectlFailureKind> = new Map([
  ['Forbidden', 'forbidden'],
  ['403', 'forbidden'],
  ['NotFound', 'notFound'],
  ['404', 'notFound'],
  ['Expired', 'expired'],
  ['Gone', 'expired'],
  ['410', 'expired'],
]);

/** @param what completes "while it …", such as `listed services`. */
export function describeKubectlError(stderr: string, exitCode: number, what: string): KubectlFailure {
  const line = lastError(stderr);
  const [, reason, text = ''] = /^Error from server(?: \(([A-Za-z]+)\))?: (.*)$/.exec(line) ?? [];
  const status = /responded with the status code ([0-9]+) /.exec(text)?.[1];
  const kind = KINDS.get(reason ?? status ?? '');
  if (kind !== undefined) return { kind, message: sentence(text), detail: stderr };
  return { kind: 'failed', message: failedMessage(line, exitCode, what), detail: stderr };
}

function failedMessage(line: string, exitCode: number, what: string): string {
  if (line === '') return `kubectl ended with status ${exitCode} while it ${what}`;
  if (/^error: You must be logged in|\(Unauthorized\)/.test(line)) {
    return `the cluster does not accept the credentials, which may have expired: ${sentence(line)}`;
  }
  if (/^(The connection to the server|Unable to connect to the server)/.test(line)) {
    return `kubectl cannot reach the cluster: ${sentence(line)}`;
  }
  if (/deadline exceeded|request canceled|Client\.Timeout/.test(line)) {
    return `the cluster took too long while kubectl ${what}: ${sentence(line)}`;
  }
  if (/\bEOF|connection reset|broken pipe|stream error|http2:/.test(line)) {
    return `the connection to the cluster broke while kubectl ${what}: ${sentence(line)}`;
  }
  // A flag or the kubeconfig is at fault, whatever was asked for.
  if (line.startsWith('error: ')) return `kubectl failed: ${sentence(line)}`;
  return `kubectl failed while it ${what}: ${sentence(line)}`;
}

/** Warnings and what credential plugins say come before the error itself. */
function lastError(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const known = /^(Error from server|error: |The connection to the server|Unable to connect to the server)/;
  return lines.findLast((line) => known.test(line)) ?? lines.at(-1) ?? '';
}

function sentence(line: string): string {
  return line.replace(/^error: /, '').replace(/\.$/, '');
}
