/** Documents that kubectl does not read, or not as they look. `input/` finds it; here it becomes findings. */
import type { Diagnostic } from '../../shared/diagnostic.ts';
import type { LintRule } from '../rule.ts';

export const unreadableManifest: LintRule = {
  id: 'unreadable-manifest',
  title: 'kubectl does not read the document, or reads it otherwise than it looks',
  severity: 'error',
  what: 'Reads YAML and JSON as kubectl does: syntax errors, documents that are no object, keys that stand twice, text after the end of a document. Files of Helm and kustomize that hold no objects are passed over.',
  why: 'What is not read is not applied',
  mend: 'Mend the syntax; render templates first, for instance: helm template . | kubectl svcrules lint -f -',
  invalid: [
    {
      title: 'a key stands twice, and kubectl takes the last',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  selector: {app: web, tier: front} # ✗
  ports:
    - port: 80
`,
    },
    {
      title: 'the document is no object',
      manifest: `- apiVersion: v1 # ✗
  kind: Service
  metadata: {name: web}
`,
    },
  ],
  valid: [
    {
      title: 'every key stands once',
      manifest: `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - port: 80
`,
    },
  ],
  *check(cluster) {
    for (const diagnostic of cluster.input.diagnostics) {
      if (isNoManifest(diagnostic)) continue;
      const { severity, message, why, mend, object, origin, path = [], field } = diagnostic;
      yield { severity, message, why, mend, place: { object, origin, path, field } };
    }
  },
};

/** `kustomization.yaml`, `Chart.yaml` and values stand beside manifests and need no kind. */
function isNoManifest({ code, origin }: Diagnostic): boolean {
  const file = origin?.file.split('/').at(-1) ?? '';
  const isOfTool = /^(kustomization|Chart|requirements|values[^/]*|[^/]*[-.]values)\.ya?ml$/.test(file);
  return isOfTool && (code === 'KindMissing' || code === 'NotAnObject');
}
