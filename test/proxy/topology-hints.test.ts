/** Which hints count, and why none do. */
import { describe, expect, it } from 'vitest';
import type { EndpointInfo } from '../../src/proxy/endpoint.ts';
import { newestRelease, parseRelease } from '../../src/proxy/release.ts';
import { topologyFromHints } from '../../src/proxy/topology-hints.ts';

const HERE = { name: 'here', zone: 'a' };

/** `zones|nodes`, each separated by commas; a minus in front for an endpoint that is not ready. */
function endpoint(written: string): EndpointInfo {
  const [zones = '', nodes = ''] = written.replace('-', '').split('|');
  const listed = (names: string) => names.split(',').filter((name) => name !== '');
  return {
    ip: '10.0.0.1',
    port: 80,
    address: '10.0.0.1:80',
    local: false,
    ready: !written.startsWith('-'),
    serving: true,
    terminating: false,
    zoneHints: listed(zones),
    nodeHints: listed(nodes),
  };
}

function topology(
  written: readonly string[],
  place = HERE,
  zoneHintsEnabled = true,
  release = newestRelease(),
) {
  const found = topologyFromHints({ zoneHintsEnabled }, written.map(endpoint), place, release);
  return found.kind === 'none' ? found.why : found.kind;
}

describe('topologyFromHints', () => {
  it.each<[string, readonly string[], string]>([
    ['no endpoint', [], 'no-hints'],
    ['none that is ready', ['-a'], 'no-hints'],
    ['no hint', ['', ''], 'no-hints'],
    ['a hint of an endpoint that is not ready', ['', '-a|here'], 'no-hints'],
    ['a zone for all', ['a', 'b'], 'same-zone'],
    ['several zones for one', ['b,a'], 'same-zone'],
    ['a zone for some', ['a', ''], 'endpoint-without-hint'],
    ['a zone for all but the first', ['', 'a'], 'endpoint-without-hint'],
    ['a node for all but the first', ['', '|here'], 'endpoint-without-hint'],
    ['a zone for all that are ready', ['a', '-'], 'same-zone'],
    ['other zones only', ['b', 'c'], 'none-for-zone'],
    ['the zone of one that is not ready', ['b', '-a'], 'none-for-zone'],
    ['a node for all', ['|here', '|there'], 'same-node'],
    ['a node and a zone for all', ['a|there', 'b|here'], 'same-node'],
    ['a node for some, a zone for all', ['a|here', 'a|'], 'same-zone'],
    ['other nodes only', ['|there', '|elsewhere'], 'none-for-node'],
    ['other nodes, but a zone', ['a|there', 'b|there'], 'same-zone'],
    ['other nodes, a zone for some', ['a|there', '|there'], 'endpoint-without-hint'],
    ['a node for some, no zone', ['|there', ''], 'endpoint-without-hint'],
  ])('%s', (_, written, expected) => {
    expect(topology(written)).toBe(expected);
  });

  it('needs to know the zone of the node', () => {
    expect(topology(['a'], { name: 'here', zone: '' })).toBe('node-without-zone');
    expect(topology(['|here'], { name: 'here', zone: '' })).toBe('same-node');
  });

  it('takes zones only where the Service wants them, and nodes anyway', () => {
    expect(topology(['a'], HERE, false)).toBe('not-enabled');
    expect(topology([''], HERE, false)).toBe('no-hints');
    expect(topology(['|here'], HERE, false)).toBe('same-node');
  });

  it('knows no nodes in releases before they were', () => {
    const old = parseRelease('1.30');
    expect(old.nodeHints).toBe(false);
    expect(topology(['|here'], HERE, true, old)).toBe('none-for-node');
    expect(topology(['a|there', 'b|here'], HERE, true, old)).toBe('same-zone');
  });
});
