import { afterEach, expect, test } from 'vitest';
import { currentNamespace } from '../../src/input/current-namespace.ts';
import { type FakeKubectl, failure, fakeKubectl } from '../support/fake-kubectl.ts';

let fake: FakeKubectl | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

test.each([
  ["the context's", 'printf prod', {}, 'prod'],
  ['default, where the context has none', ':', {}, 'default'],
  [
    "the Pod's, without a context",
    failure('error: current-context must exist'),
    { POD_NAMESPACE: 'in' },
    'in',
  ],
  ['default, where nothing tells', failure('error: current-context must exist'), {}, 'default'],
])('is %s', async (_, shell, env, expected) => {
  fake = fakeKubectl({ 'config view --minify --output=jsonpath={..namespace} --context=c': shell });
  const kubectl = { flags: { context: 'c' }, env: { ...process.env, ...env, KUBECTL_PATH: fake.path } };
  expect(await currentNamespace(kubectl)).toBe(expected);
});
