import { describe, expect, it } from 'vitest';
import { portSetOrder, sortSlicePorts, sortSubsetPorts } from '../../src/controllers/endpoint-port-order.ts';
import { fnv128a } from '../../src/controllers/fnv128a.ts';

describe('fnv128a', () => {
  it.each([
    ['', '6c62272e07bb014262b821756295c58d'],
    ['a', 'd228cb696f1a8caf78912b704e4a8964'],
    [
      '(v1.EndpointPort){Name:(*string)http Protocol:(*v1.Protocol)TCP Port:(*int32)80 AppProtocol:(*string)<nil>}',
      'b6c4d325122a5ba6f795b0bbffcebb6f',
    ],
    [
      '(v1.EndpointPort){Name:(string) Port:(int32)80 Protocol:(v1.Protocol)TCP AppProtocol:(*string)h2c}',
      'a04e6efe061dd23ec49bae594f097da5',
    ],
  ])('hashes %j as Go does', (text, hash) => {
    expect(fnv128a(text)).toBe(hash);
  });
});

describe('the order of ports', () => {
  const ports = [
    { name: 'a', port: 8080, protocol: 'TCP' as const },
    { name: 'b', port: 8081, protocol: 'TCP' as const },
  ];

  it('is that of the hashes, which differs between slices and Endpoints', () => {
    expect(sortSlicePorts(ports).map(({ name }) => name)).toEqual(['b', 'a']);
    expect(sortSubsetPorts(ports).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('does not depend on the input', () => {
    expect(sortSlicePorts(ports.toReversed())).toEqual(sortSlicePorts(ports));
  });
});

it('portSetOrder tells an empty set from others', () => {
  expect(portSetOrder([])).toBe('null');
  expect(portSetOrder([{ name: '', port: 80, protocol: 'TCP' }])).toBe(
    '[{"name":"","port":80,"protocol":"TCP"}]',
  );
});
