/** The manifests of `deploy/` as they stand: what their Pods may do, what they run, and that our own linter has nothing to say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const FOLDER = 'deploy';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly resources: { readonly requests: object; readonly limits: { readonly memory: string } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly privileged?: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
}

interface Workload {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Role {
  readonly kind: string;
  readonly rules: readonly { readonly verbs: readonly string[] }[];
}

const objects = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => loadAll(readFileSync(join(FOLDER, name), 'utf8')) as readonly unknown[]);
const workloads = (objects as readonly Workload[]).filter(
  ({ kind }) => kind === 'DaemonSet' || kind === 'Job',
);

describe('deploy/', () => {
  it('has nothing that lint finds', async () => {
    const { status, stdout } = await runCaptured(['lint', '-f', FOLDER, '--fail-on', 'note']);
    expect(stdout).toMatch(/^nothing in \d+ objects\n$/);
    expect(status).toBe(0);
  });

  it('lets nobody write', () => {
    const roles = (objects as readonly Role[]).filter(({ kind }) => kind === 'ClusterRole');
    const verbs = new Set(roles.flatMap(({ rules }) => rules.flatMap((rule) => rule.verbs)));
    expect([...verbs].sort()).toEqual(['get', 'list', 'watch']);
  });

  it.each(workloads)('gives the Pods of its $kind no more than they need', ({ kind, spec }) => {
    const [container] = spec.template.spec.containers as readonly [Container];
    const { image, resources, securityContext } = container;
    expect(image).toBe(`svcrules:${version}`);
    expect(resources).toMatchObject({ requests: {}, limits: { memory: expect.stringMatching(/i$/) } });
    expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
    expect(securityContext.privileged).toBeUndefined();
    const { drop, add = [] } = securityContext.capabilities;
    expect(drop).toEqual(['ALL']);
    expect(add).toEqual(kind === 'DaemonSet' ? ['NET_ADMIN', 'NET_RAW'] : []);
  });

  it.each(workloads)('runs flags in its $kind that there are', async ({ spec }) => {
    const [{ args }] = spec.template.spec.containers as readonly [Container];
    // A flag that there is not ends it before one that makes no sense beside --host and --bundle.
    const { status, stderr } = await runCaptured([...args, '--dump', 'none']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/each name what to compare with: choose one/);
  });
});
