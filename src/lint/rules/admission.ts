/** What kube-apiserver 1.37 refuses or warns of. `apiserver/` finds it; here it becomes findings. */
import type { Diagnostic, FieldPath, Severity } from '../../shared/diagnostic.ts';
import type { LintRule } from '../rule.ts';

export const admission: LintRule = {
  id: 'admission',
  title: 'The API server refuses the object, or warns of it',
  severity: 'error',
  what: 'Validates every Service, Endpoints, EndpointSlice, Node, Namespace, Pod and ServiceCIDR as kube-apiserver 1.37 does: unknown fields, wrong values, ports and addresses that another Service of the input has. What the API server takes with a warning is a warning, a deprecation a note.',
  why: 'The object never gets into the cluster, or part of it has no effect',
  mend: 'Change the field as the message says',
  invalid: [
    {
      title: 'a field is misspelled',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetport: 8080 # ✗
`,
    },
    {
      title: 'two Services ask for one node port',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports:
    - {port: 80, nodePort: 30080}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  type: NodePort
  selector: {app: shop}
  ports:
    - {port: 80, nodePort: 30080} # ✗
`,
    },
  ],
  valid: [
    {
      title: 'the field has its name',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8080
`,
    },
  ],
  *check(cluster) {
    for (const diagnostic of cluster.admission) {
      if (isOfAnotherRule(diagnostic)) continue;
      const { code, message, mend, object, origin, field } = diagnostic;
      const why = diagnostic.why ?? (code === 'Deprecated' ? LATER : undefined);
      const place = { object, origin, path: writtenPath(diagnostic), field };
      yield { severity: severityOf(diagnostic), message, why, mend, place };
    }
  },
};

const LATER = 'It works today, and not for ever: a later release may stop to serve it';

/** `duplicate-object` and `external-ips` say more of these. */
function isOfAnotherRule({ code, field }: Diagnostic): boolean {
  return code === 'AlreadyExists' || (code === 'Deprecated' && field === 'spec.externalIPs');
}

function severityOf({ severity, code }: Diagnostic): Severity {
  return code === 'Deprecated' ? 'note' : severity;
}

/** Of a cluster IP admission speaks as of the first of `clusterIPs`, which it has made of `clusterIP`; files mostly have the latter. */
function writtenPath({ path = [] }: Diagnostic): FieldPath {
  const isFirst = path[1] === 'clusterIPs' && (path.length === 2 || path[2] === 0);
  return isFirst && path[0] === 'spec' ? ['spec', 'clusterIP'] : path;
}
