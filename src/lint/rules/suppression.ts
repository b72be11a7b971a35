/** What is wrong with annotations that keep other rules silent; `suppressions.ts` finds it once all rules have run. */
import type { RuleDescription } from '../rule.ts';

export const suppression: RuleDescription = {
  id: 'suppression',
  title: 'An annotation that ignores a rule has no reason, no rule or no use',
  severity: 'warning',
  what: 'Looks at annotations svcrules.dev/ignore.<rule>: one without a reason, of a rule that is not there, or on an object of which the rule has nothing to say.',
  why: 'An exception that nobody can explain, or that nothing needs any more, hides the next fault',
  mend: 'Write the reason, mend the name of the rule, or take the annotation out',
  invalid: [
    {
      title: 'the annotation gives no reason',
      manifest: `apiVersion: v1
kind: Service
metadata:
  name: database
  annotations:
    svcrules.dev/ignore.service-without-endpoints: "" # ✗
spec:
  selector: {app: database}
  ports:
    - port: 5432
`,
    },
    {
      title: 'no rule has this name',
      manifest: `apiVersion: v1
kind: Service
metadata:
  name: database
  annotations:
    svcrules.dev/ignore.no-endpoints: "an operator writes them" # ✗
spec:
  selector: {app: database}
  ports:
    - port: 5432
`,
    },
    {
      title: 'the Service has nothing to be ignored any more',
      manifest: `apiVersion: v1
kind: Service
metadata:
  name: database
  annotations:
    svcrules.dev/ignore.service-without-endpoints: "an operator writes them" # ✗
spec:
  selector: {app: database}
  ports:
    - port: 5432
`,
    },
  ],
  valid: [
    {
      title: 'the annotation says why the rule does not matter here',
      manifest: `apiVersion: v1
kind: Service
metadata:
  name: database
  annotations:
    svcrules.dev/ignore.service-without-endpoints: "the operator of the database writes its endpoints"
spec:
  ports:
    - port: 5432
`,
    },
  ],
};
