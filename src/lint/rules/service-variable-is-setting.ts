/** A Service whose variables an application takes for its own settings. */
import type { FieldPath } from '../../shared/diagnostic.ts';
import { variablesByName } from '../environment-size.ts';
import type { Fault } from '../finding.ts';
import { type LintedCluster, placeInTemplate } from '../linted-cluster.ts';
import type { PodTemplate } from '../pod-templates.ts';
import { isSetting, portSettings } from '../port-settings.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (container: string) => `apiVersion: v1
kind: Service
metadata: {name: n8n}
spec:
  selector: {app: n8n}
  ports:
    - port: 5678
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: n8n}
spec:
  selector: {matchLabels: {app: n8n}}
  template:
    metadata: {labels: {app: n8n}}
    spec:
      containers:
        - name: n8n
${container}          readinessProbe: {httpGet: {path: /healthz, port: 5678}}
`;

export const serviceVariableIsSetting: LintRule = {
  id: 'service-variable-is-setting',
  title: 'A container reads a variable as a number that a Service sets to an address',
  severity: 'warning',
  what: 'Makes the service variables of each namespace and compares them with what containers read: a reference such as --port=$(REDIS_PORT) or host:$(REDIS_PORT) in a command or variable, and settings of images that are known to fail by them (Authelia, Cerebro, Confluent and wurstmeister Kafka, Kibana, Langflow, n8n, Paperless-ngx, Spoolman). Silent where the container sets the variable itself, which goes before the Service, where it has envFrom, which may, and with enableServiceLinks: false.',
  why: 'For a Service redis the kubelet sets REDIS_PORT=tcp://10.96.0.7:6379, as Docker did for links. What expects a number there does not start; and as variables are made when a container starts, it fails only at the next restart after the Service was created',
  mend: 'Set enableServiceLinks: false in the Pod, give the variable a value in env, or rename the Service',
  invalid: [
    {
      title: 'n8n reads N8N_PORT as the port to listen on',
      manifest: MANIFEST('          image: docker.io/n8nio/n8n:1.80.0 # ✗\n'),
    },
    {
      title: 'the address is put where a number belongs',
      manifest: MANIFEST(
        '          image: example.com/editor\n          args:\n            - --port=$(N8N_PORT) # ✗\n',
      ),
    },
  ],
  valid: [
    {
      title: 'the container sets the variable',
      manifest: MANIFEST(
        '          image: docker.io/n8nio/n8n:1.80.0\n          env: [{name: N8N_PORT, value: "5678"}]\n',
      ),
    },
  ],
  *check(cluster) {
    for (const template of cluster.templates) {
      if (template.pod.spec?.enableServiceLinks === false) continue;
      for (const field of ['initContainers', 'containers']) {
        for (const [i, container] of listOf(template.spec[field]).map(fieldsOf).entries()) {
          yield* checkContainer(template, container, ['spec', field, i], cluster);
        }
      }
    }
  },
};

function* checkContainer(
  template: PodTemplate,
  container: Fields,
  path: FieldPath,
  cluster: LintedCluster,
): Generator<Fault> {
  if (listOf(container.envFrom).length > 0) return;
  const own = new Set(listOf(container.env).map((each) => textOf(fieldsOf(each).name)));
  const settings = portSettings(textOf(container.image) ?? '');
  const references = [...portReferences(container)];
  if (settings.length === 0 && references.length === 0) return;
  const variables = variablesByName(cluster.variablesOf(template.owner.namespace));
  const told = (name: string) => `a Service sets ${name}=${variables.get(name)}`;
  for (const { name, within } of references) {
    if (own.has(name) || !variables.get(name)?.includes('://')) continue;
    yield {
      message: `${told(name)}, and it is used as a number here`,
      place: placeInTemplate(template, [...path, ...within]),
    };
  }
  for (const setting of settings) {
    const name = [...variables.keys()].find((each) => isSetting(setting, each) && !own.has(each));
    if (name === undefined) continue;
    yield {
      message: `${told(name)}, which ${setting.image} reads: it ${setting.says}`,
      place: placeInTemplate(template, [...path, 'image']),
    };
  }
}

/** Where a port's number belongs: behind a colon, `port=` or `port `. `tcp://` itself would be well behind others. */
const REFERENCE = /(?:[^$]:|^:|port[= ])\$\(([A-Z][A-Z0-9_]*_PORT)\)/gi;

function* portReferences(
  container: Fields,
): Generator<{ readonly name: string; readonly within: FieldPath }> {
  for (const field of ['command', 'args']) {
    for (const [i, word] of listOf(container[field]).entries()) {
      for (const [, name = ''] of (textOf(word) ?? '').matchAll(REFERENCE))
        yield { name, within: [field, i] };
    }
  }
  for (const [i, each] of listOf(container.env).map(fieldsOf).entries()) {
    for (const [, name = ''] of (textOf(each.value) ?? '').matchAll(REFERENCE)) {
      yield { name, within: ['env', i, 'value'] };
    }
  }
}
