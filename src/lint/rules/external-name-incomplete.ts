/** An external name that only a search path would complete. */
import { quote } from '../../apiserver/fault.ts';
import type { Service } from '../../apiserver/objects.ts';
import { parseIP } from '../../shared/ip.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (name: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  type: ExternalName
  externalName: ${name}
`;

export const externalNameIncomplete: LintRule = {
  id: 'external-name-incomplete',
  title: 'externalName is not a whole name',
  severity: 'error',
  what: 'Looks for Services of type ExternalName whose name has one label only, ends in .svc, or is NAME.NAMESPACE of a Service of the input.',
  why: 'It becomes the target of a CNAME, and that is always taken as a whole name: no search path of a Pod completes it, so nothing resolves',
  mend: 'Write the whole name, such as database.prod.svc.cluster.local',
  invalid: [{ title: 'the domain of the cluster is missing', manifest: MANIFEST('postgres.prod.svc # ✗') }],
  valid: [{ title: 'the whole name', manifest: MANIFEST('postgres.prod.svc.cluster.local') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.type !== 'ExternalName') continue;
      const fault = judge(service, cluster);
      if (fault !== undefined) yield fault;
    }
  },
};

function judge(service: Service, cluster: LintedCluster): Fault | undefined {
  const name = (service.spec.externalName ?? '').replace(/\.$/, '');
  if (name === '' || parseIP(name) !== undefined) return undefined;
  const place = cluster.placeOf(service, ['spec', 'externalName']);
  const labels = name.split('.');
  if (labels.length === 1) {
    if (name === 'localhost') {
      const why = 'Every client is sent to itself, which a browser or a proxy may take for a local service';
      return { message: 'localhost is each client itself', why, place };
    }
    return { severity: 'warning', message: `${quote(name)} has one label only`, place };
  }
  const isService = labels.length === 2 && cluster.service(labels[1] as string, labels[0] as string);
  if (labels.at(-1) !== 'svc' && !isService) return undefined;
  return { message: `${quote(name)} lacks the domain of the cluster`, place };
}
