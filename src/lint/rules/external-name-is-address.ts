/** An address where only a name can stand. */
import { parseIP } from '../../shared/ip.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (name: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  type: ExternalName
  externalName: ${name}
`;

export const externalNameIsAddress: LintRule = {
  id: 'external-name-is-address',
  title: 'externalName is an IP address',
  severity: 'error',
  what: 'Looks for Services of type ExternalName whose name reads as an IPv4 address.',
  why: 'The cluster DNS answers with a CNAME to it: a name of digits that no DNS server knows, so nothing resolves',
  mend: 'Write the name of the host; for an address, a Service without a selector and an EndpointSlice',
  invalid: [{ title: 'the DNS has no name 192.0.2.10', manifest: MANIFEST('192.0.2.10 # ✗') }],
  valid: [{ title: 'a name', manifest: MANIFEST('db.example.com') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const { type, externalName = '' } = service.spec;
      if (type !== 'ExternalName' || parseIP(externalName) === undefined) continue;
      yield {
        message: `${externalName} is an address, not a name`,
        place: cluster.placeOf(service, ['spec', 'externalName']),
      };
    }
  },
};
