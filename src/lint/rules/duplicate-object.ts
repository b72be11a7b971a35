/** Two objects of one kind and name. */
import { quote } from '../../apiserver/fault.ts';
import type { SourceObject } from '../../input/source.ts';
import { groupBy, placeInSource } from '../linted-cluster.ts';
import { fieldsOf } from '../raw-fields.ts';
import type { LintRule } from '../rule.ts';

export const duplicateObject: LintRule = {
  id: 'duplicate-object',
  title: 'An object stands twice in the input',
  severity: 'warning',
  what: 'Looks for objects of the same kind, namespace and name. A note where both are the same.',
  why: 'kubectl apply lets the last one win, kubectl create refuses it; the rules below look at the first only',
  mend: 'Rename one of the two, or take it out; give variants for several clusters one at a time',
  invalid: [
    {
      title: 'two Services have one name',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata: {name: web} # ✗
spec:
  selector: {app: web}
  ports:
    - port: 8080
`,
    },
  ],
  valid: [
    {
      title: 'the Services are of two namespaces',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web, namespace: blue}
spec:
  selector: {app: web}
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: green}
spec:
  selector: {app: web}
  ports:
    - port: 80
`,
    },
  ],
  *check({ admission, input }) {
    const refused = admission.filter(({ code }) => code === 'AlreadyExists');
    if (refused.length === 0) return;
    const byName = groupBy(input.objects, nameOf);
    const byOrigin = new Map(input.objects.map((source) => [source.origin, source]));
    for (const { origin } of refused) {
      const source = origin && byOrigin.get(origin);
      if (source === undefined) continue;
      const first = byName.get(nameOf(source))?.[0];
      const isSame = JSON.stringify(first?.object) === JSON.stringify(source.object);
      const name = quote(fieldsOf(source.object.metadata).name);
      const file = first === undefined ? '' : ` in ${quote(first.origin.file)}`;
      yield {
        severity: isSame ? 'note' : 'warning',
        message: `${source.kind} ${name} stands${file} already${isSame ? ', with the same text' : ' and says something else'}`,
        place: placeInSource(source, ['metadata', 'name']),
      };
    }
  },
};

function nameOf({ kind, object }: SourceObject): string {
  const { namespace, name } = fieldsOf(object.metadata);
  return JSON.stringify([kind, namespace ?? '', name]);
}
