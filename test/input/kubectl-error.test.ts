/** The lines are what kubectl 1.32 and 1.37 print. */
import { describe, expect, test } from 'vitest';
import { describeKubectlError } from '../../src/input/kubectl-error.ts';

const describeError = (stderr: string) => describeKubectlError(stderr, 1, 'listed services');

test.each([
  ['Error from server (Expired): The provided continue parameter is too old.', 'expired'],
  ['Error from server (Gone): gone', 'expired'],
  [
    'Error from server: the server responded with the status code 410 but did not return more information',
    'expired',
  ],
  ['Error from server (Forbidden): Forbidden by proxy', 'forbidden'],
  ['Error from server (NotFound): the server could not find the requested resource', 'notFound'],
  ['Error from server (InternalError): (Forbidden): boom', 'failed'],
  ['Error from server (ServiceUnavailable): no', 'failed'],
  ['error: Error from server (Expired): in a file name', 'failed'],
])('%s: %s', (line, kind) => {
  expect(describeError(`${line}\n`)).toMatchObject({ kind, detail: `${line}\n` });
});

describe('the sentence for', () => {
  const login = 'the cluster does not accept the credentials, which may have expired';
  const slow = 'the cluster took too long while kubectl listed services';
  const broken = 'the connection to the cluster broke while kubectl listed services';
  test.each([
    [
      'error: You must be logged in to the server (Unauthorized)',
      `${login}: You must be logged in to the server (Unauthorized)`,
    ],
    [
      'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
      `${login}: You must be logged in to the server (the server has asked for the client to provide credentials)`,
    ],
    ['error: context deadline exceeded', `${slow}: context deadline exceeded`],
    [
      'error: net/http: request canceled (Client.Timeout or context cancellation while reading body)',
      `${slow}: net/http: request canceled (Client.Timeout or context cancellation while reading body)`,
    ],
    ['error: unexpected EOF', `${broken}: unexpected EOF`],
    [
      'error: read tcp 127.0.0.1:4->127.0.0.1:5: read: connection reset by peer',
      `${broken}: read tcp 127.0.0.1:4->127.0.0.1:5: read: connection reset by peer`,
    ],
    [
      'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
      'kubectl cannot reach the cluster: The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    ],
    [
      'Unable to connect to the server: dial tcp: lookup no.such.host: no such host',
      'kubectl cannot reach the cluster: Unable to connect to the server: dial tcp: lookup no.such.host: no such host',
    ],
    ['error: unknown flag: --nope', 'kubectl failed: unknown flag: --nope'],
    [
      'Error from server (InternalError): boom',
      'kubectl failed while it listed services: Error from server (InternalError): boom',
    ],
    ['panic: something', 'kubectl failed while it listed services: panic: something'],
    ['', 'kubectl ended with status 1 while it listed services'],
    ['Warning: v1 Endpoints is deprecated\r\nerror: no\nSee the logs', 'kubectl failed: no'],
  ])('%j', (stderr, message) => {
    expect(describeError(stderr)).toMatchObject({ kind: 'failed', message });
  });
});
