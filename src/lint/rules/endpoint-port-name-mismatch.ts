/** Ports of hand-written endpoints that no port of the Service finds. */
import { quote } from '../../apiserver/fault.ts';
import type { EndpointPort, Service } from '../../apiserver/objects.ts';
import { isSelecting } from '../../controllers/pod-cluster.ts';
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { Fault } from '../finding.ts';
import type { LintedCluster } from '../linted-cluster.ts';
import type { LintRule } from '../rule.ts';

const MANIFEST = (port: string) => `apiVersion: v1
kind: Service
metadata: {name: database}
spec:
  ports:
    - name: postgres
      port: 5432
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: database-1
  labels: {kubernetes.io/service-name: database}
addressType: IPv4
endpoints:
  - addresses: [192.0.2.10]
ports:
  - ${port}
`;

export const endpointPortNameMismatch: LintRule = {
  id: 'endpoint-port-name-mismatch',
  title: 'A port of the endpoints has not the name and protocol of a port of the Service',
  severity: 'error',
  what: 'Compares the ports of hand-written EndpointSlices and Endpoints with those of a Service without a selector, as kube-proxy does: by name and protocol, where no name is a name too. An error where a port of the Service finds no port at all by that, else a warning.',
  why: 'kube-proxy joins a Service and its endpoints by the name of the port, not by its number: connections to the port are rejected',
  mend: 'Give both ports the same name and protocol; the only port of a Service may have no name on both sides',
  invalid: [
    {
      title: 'the Service calls its port postgres, the slice gives it no name',
      manifest: MANIFEST('port: 5432 # ✗'),
    },
    {
      title: 'the protocols differ',
      manifest: MANIFEST('{name: postgres, port: 5432, protocol: UDP} # ✗'),
    },
  ],
  valid: [{ title: 'both are called postgres', manifest: MANIFEST('{name: postgres, port: 5432}') }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      if (service.spec.type !== 'ExternalName' && !isSelecting(service))
        yield* checkService(service, cluster);
    }
  },
};

interface WrittenPort {
  readonly port: EndpointPort;
  readonly owner: Parameters<LintedCluster['placeOf']>[0];
  readonly path: FieldPath;
}

function* checkService(service: Service, cluster: LintedCluster): Generator<Fault> {
  const written = writtenPorts(service, cluster);
  const offered = new Set(written.map(({ port }) => keyOfPort(port)));
  const ports = service.spec.ports ?? [];
  const wanted = new Set(ports.map(keyOfPort));
  const unserved = ports.filter((port) => !offered.has(keyOfPort(port)));
  for (const { port, owner, path } of written) {
    if (wanted.has(keyOfPort(port))) continue;
    const names = ports.map((each) => describe(each)).join(', ');
    yield {
      severity: unserved.length > 0 ? 'error' : 'warning',
      message: `no port of the Service is ${describe(port)}; it has ${names}`,
      why: unserved.length > 0 ? undefined : 'kube-proxy joins them by name: nobody uses this port',
      place: cluster.placeOf(owner, path),
    };
  }
}

function writtenPorts(service: Service, cluster: LintedCluster): readonly WrittenPort[] {
  const slices = cluster.writtenSlicesOf(service).filter(({ endpoints }) => endpoints.length > 0);
  const endpoints = cluster.endpointsOf(service);
  return [
    ...slices.flatMap((slice) =>
      (slice.ports ?? []).map((port, i) => ({ port, owner: slice, path: ['ports', i] })),
    ),
    ...(endpoints?.subsets ?? []).flatMap((subset, i) =>
      (subset.ports ?? []).map((port, j) => ({
        port,
        owner: endpoints as NonNullable<typeof endpoints>,
        path: ['subsets', i, 'ports', j],
      })),
    ),
  ];
}

type NamedPort = Pick<EndpointPort, 'name' | 'protocol'>;

function keyOfPort({ name, protocol }: NamedPort): string {
  return `${name ?? ''}/${protocol ?? 'TCP'}`;
}

function describe({ name, protocol }: NamedPort): string {
  return `${name ? quote(name) : 'without a name'} for ${protocol ?? 'TCP'}`;
}
