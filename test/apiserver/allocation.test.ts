/** Choices that the API server would make: stable, free of the order of the input, never in conflict. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Allocation } from '../../src/apiserver/cluster-state.ts';
import { containsIP, parseCIDR, parseIP } from '../../src/shared/ip.ts';
import { admitAll, errorsOf, type Manifest, service } from './source-objects.ts';

const SPECS: readonly Manifest[] = [
  { ports: [{ port: 80 }] },
  { ipFamilyPolicy: 'RequireDualStack', ports: [{ port: 80 }] },
  {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ],
  },
  {
    type: 'NodePort',
    ports: [
      { name: 'u', port: 53, protocol: 'UDP' },
      { name: 't', port: 53 },
    ],
  },
  { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
];

const manifests = Array.from({ length: 200 }, (_, i) =>
  service(`svc-${i}`, SPECS[i % SPECS.length] as Manifest),
);

function choicesOf(objects: readonly Manifest[]): Map<string, Allocation['value']> {
  const { state } = admitAll(objects);
  return new Map(
    state.allocations.map(({ namespace, name, field, value }) => [`${namespace}/${name} ${field}`, value]),
  );
}

describe('allocation', () => {
  it('does not depend on the order of the input', () => {
    const expected = admitAll(manifests).state;
    fc.assert(
      fc.property(fc.shuffledSubarray(manifests, { minLength: manifests.length }), (shuffled) => {
        const { state } = admitAll(shuffled);
        expect(state.allocations).toEqual(expected.allocations);
        expect(state.services).toEqual(expected.services);
      }),
      { numRuns: 10 },
    );
  });

  it('moves no other Service when one is added, unless their choices meet', () => {
    const before = choicesOf(manifests);
    const additions = 40;
    let calm = 0;
    for (let i = 0; i < additions; i++) {
      const added = service(`added-${i}`, SPECS[i % SPECS.length] as Manifest);
      const after = choicesOf([added, ...manifests]);
      const taken = new Set(after.values());
      const moved = [...before].filter(([key, value]) => after.get(key) !== value);
      for (const [key, value] of moved)
        expect(taken.has(value), `${key} left ${value} for nobody`).toBe(true);
      if (moved.length === 0) calm++;
    }
    expect(calm).toBeGreaterThan(additions * 0.8);
  });

  it('gives each value once, within its range, and past the part that is left to explicit values', () => {
    const { state } = admitAll(manifests);
    const cidr = parseCIDR('10.96.0.0/12');
    const addresses = state.services.flatMap(({ spec }) => spec.clusterIPs ?? []);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const { field, value } of state.allocations) {
      if (typeof value === 'number') expect(value, field).toBeGreaterThanOrEqual(30086);
      else if (value.includes('.')) expect(containsIP(cidr as never, parseIP(value) as never)).toBe(true);
    }
    const holders = new Map<unknown, Set<string>>();
    for (const { name, field, value } of state.allocations) {
      if (field.endsWith('odePort')) holders.set(value, (holders.get(value) ?? new Set()).add(name));
    }
    for (const names of holders.values()) expect(names.size).toBe(1);
  });

  it('shares a number among the protocols of one port', () => {
    const { state } = admitAll([service('dns', SPECS[3] as Manifest)]);
    const [udp, tcp] = state.services[0]?.spec.ports ?? [];
    expect(udp?.nodePort).toBe(tcp?.nodePort);
    expect(state.allocations.map(({ field }) => field)).toEqual([
      'spec.clusterIPs[0]',
      'spec.ports[0].nodePort',
      'spec.ports[1].nodePort',
    ]);
    const explicit = [
      { name: 'u', port: 53, protocol: 'UDP' },
      { name: 't', port: 53, nodePort: 30053 },
    ];
    const given = admitAll([service('dns', { type: 'NodePort', ports: explicit })]).state;
    expect(given.services[0]?.spec.ports?.map(({ nodePort }) => nodePort)).toEqual([30053, 30053]);
  });

  it('keeps away from what others ask for, wherever they stand', () => {
    const chosen = admitAll([service('web', SPECS[4] as Manifest)]).state.services[0]?.spec;
    const ports = [{ port: 1, nodePort: chosen?.ports?.[0]?.nodePort }];
    const thief = service('zzz', { type: 'NodePort', clusterIP: chosen?.clusterIP, ports });
    const admission = admitAll([service('web', SPECS[4] as Manifest), thief]);
    expect(errorsOf(admission)).toEqual([]);
    const [web] = admission.state.services;
    expect(web?.spec.clusterIP).not.toBe(chosen?.clusterIP);
    expect(web?.spec.ports?.[0]?.nodePort).not.toBe(chosen?.ports?.[0]?.nodePort);
    expect(web?.spec.healthCheckNodePort).toBe(chosen?.healthCheckNodePort);
  });

  it('fills small ranges to the last value, then refuses', () => {
    const options = { serviceCIDRs: ['192.0.2.0/29'], serviceNodePortRange: { first: 30000, last: 30002 } };
    const many = Array.from({ length: 6 }, (_, i) => service(`s${i}`, { ports: [{ port: 80 }] }));
    const { state, diagnostics } = admitAll(many, options);
    // Of eight addresses the first and last are no host's, and one is that of default/kubernetes.
    expect(state.services.map(({ spec }) => spec.clusterIP).sort()).toEqual(
      [2, 3, 4, 5, 6].map((host) => `192.0.2.${host}`),
    );
    expect(diagnostics.map(({ code, field }) => `${code} ${field}`)).toEqual([
      'InternalError spec.clusterIPs[0]',
    ]);
    const nodePorts = Array.from({ length: 4 }, (_, i) =>
      service(`n${i}`, { type: 'NodePort', clusterIP: `192.0.2.${i + 2}`, ports: [{ port: 80 }] }),
    );
    const full = admitAll(nodePorts, options);
    expect(errorsOf(full)).toEqual(['InternalError spec.ports[0].nodePort']);
    expect(full.state.services).toHaveLength(3);
  });

  it('respects allocateLoadBalancerNodePorts', () => {
    const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] };
    const { state } = admitAll([service('lb', spec)]);
    expect(state.services[0]?.spec.ports?.[0]).not.toHaveProperty('nodePort');
  });
});
