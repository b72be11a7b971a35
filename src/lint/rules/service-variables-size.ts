/** Service variables that leave a container no room to start. */
import { compareStrings } from '../../shared/ordering.ts';
import { ARGUMENTS_LIMIT, environmentSize, ownSize, variablesByName } from '../environment-size.ts';
import { WEB_DEPLOYMENT } from '../example-parts.ts';
import { type LintedCluster, placeInTemplate } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import { EXAMPLE_CONFIGURATION } from '../proxy-configurations.ts';
import type { LintRule } from '../rule.ts';

const SERVICES = (count: number) => {
  const ports = Array.from({ length: 100 }, (_, i) => `{name: port-${i}, port: ${20_000 + i}}`);
  const service = (i: number) => `apiVersion: v1
kind: Service
metadata: {name: conference-media-server-${i}}
spec:
  selector: {app: web}
  ports: [${ports.join(', ')}]
---
`;
  return Array.from({ length: count }, (_, i) => service(i)).join('');
};

/** Of so many ports another rule would speak, too. */
const NFTABLES = `---\n${EXAMPLE_CONFIGURATION}mode: nftables\n`;

const LINKED = WEB_DEPLOYMENT.replace('    spec:\n', '    spec: # ✗\n');
const UNLINKED = WEB_DEPLOYMENT.replace('    spec:\n', '    spec:\n      enableServiceLinks: false\n');

/** From here on a container's own variables and arguments may be what is too much. */
const NEAR = 0.75 * ARGUMENTS_LIMIT;

export const serviceVariablesSize: LintRule = {
  id: 'service-variables-size',
  title: 'The service variables of a namespace are more than a process can be started with',
  severity: 'error',
  what: 'Makes the service variables that the kubelet gives to the containers of each namespace, and counts them as the kernel does, with the variables and the command that the manifest gives. An error over 2 MiB, a quarter of the usual stack of 8 MiB; a warning from 1.5 MiB on, as images and ConfigMaps add theirs. That is about 5,000 Services of one port, or 2,000 of three with names. One finding a namespace. Silent where every Pod of it has enableServiceLinks: false.',
  why: 'execve refuses to start a process with a larger environment: every container of the namespace fails with "argument list too long" when it starts the next time, and so does each program that it starts itself',
  mend: 'Set enableServiceLinks: false in the Pods; names resolve by DNS without the variables',
  invalid: [
    {
      title: '60 Services of 100 ports each set 3 MB of variables',
      manifest: `${SERVICES(60)}${LINKED}${NFTABLES}`,
      excerpt: `${SERVICES(1).replace(/, \{name: port-1,.*\]/, ', …]')}# 59 more\n---\n${LINKED}`,
    },
  ],
  valid: [
    {
      title: 'the Pods want no service variables',
      manifest: `${SERVICES(60)}${UNLINKED}${NFTABLES}`,
      excerpt: `${SERVICES(1).replace(/, \{name: port-1,.*\]/, ', …]')}# 59 more\n---\n${UNLINKED}`,
    },
  ],
  *check(cluster) {
    const namespaces = new Set(cluster.templates.map(({ owner }) => owner.namespace));
    for (const namespace of namespaces) {
      const readers = cluster.templatesIn(namespace).filter(({ pod }) => pod.spec?.enableServiceLinks);
      const fault = readers.length === 0 ? undefined : judge(namespace, readers, cluster);
      if (fault !== undefined) yield fault;
    }
  },
};

function judge(namespace: string, readers: readonly PodTemplate[], cluster: LintedCluster) {
  const variables = cluster.variablesOf(namespace);
  const byName = variablesByName(variables);
  const shared = environmentSize(byName);
  // What a container has of its own never matters without this much of service variables.
  if (shared < NEAR / 2) return undefined;
  const sizes = new Map(readers.map((template) => [template, shared + ownSize(template)]));
  const [worst] = [...readers].sort(
    (a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || compareStrings(nameOf(a), nameOf(b)),
  );
  if (worst === undefined) return undefined;
  const size = sizes.get(worst) ?? 0;
  if (size < NEAR) return undefined;
  const isOver = size > ARGUMENTS_LIMIT;
  const others = readers.length > 1 ? ` and ${readers.length - 1} more` : '';
  const services = `${variables.blocks.length} Service${variables.blocks.length === 1 ? '' : 's'}`;
  return {
    severity: isOver ? ('error' as const) : ('warning' as const),
    message: `${services} of namespace ${namespace} set ${byName.size} variables: with them the environment of ${nameOf(worst)}${others} has ${mebibytes(size)}, and the most is ${mebibytes(ARGUMENTS_LIMIT)}`,
    why: isOver
      ? undefined
      : 'Variables of the image and of ConfigMaps, arguments, or some more Services can be too much: execve then refuses to start any process, with "argument list too long"',
    place: placeInTemplate(worst, ['spec', 'enableServiceLinks']),
  };
}

function nameOf({ owner }: PodTemplate): string {
  return `${owner.kind} ${owner.name}`;
}

function mebibytes(size: number): string {
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}
