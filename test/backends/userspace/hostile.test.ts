/**
 * Nothing that stands in an object can add a listener, a server or a directive: 1,000 hostile strings as names and addresses,
 * first through admission, then in a view as no admission would make it.
 */
import { describe, expect, it, vi } from 'vitest';
import { userspaceBackend } from '../../../src/backends/userspace/backend.ts';
import {
  checkedPlace,
  commentName,
  identifierOf,
} from '../../../src/backends/userspace/configuration-text.ts';
import type { Frontend } from '../../../src/backends/userspace/frontend.ts';
import { printHAProxy } from '../../../src/backends/userspace/haproxy.ts';
import { printNginx } from '../../../src/backends/userspace/nginx.ts';
import { compile } from '../../../src/index.ts';
import { hostileStrings } from '../../support/hostile-strings.ts';
import { nodeObject, serviceObjects } from './userspace-objects.ts';

vi.setConfig({ testTimeout: 120_000 });

/** What HAProxy and nginx would make something of, beside what other places are attacked with. */
const OF_PROXIES = [
  '\nlisten evil\n  bind :1\n',
  '\n  bind 0.0.0.0:1',
  '\n  server evil 192.0.2.1:1',
  ' accept-proxy',
  'x\nfrontend y',
  '\nglobal\n  external-check\n',
  '\\\n  bind :1',
  '"$' + '{HOME}"',
  '; proxy_pass evil; #',
  '{ } server { listen 1; }',
  '} server { listen 1; proxy_pass 192.0.2.1:1; }',
  "'; return 'x",
  '"; listen 2;',
  '$remote_addr',
  'include /etc/passwd;',
  '# comment\nload_module x.so;',
  'unix:/tmp/x',
  'abns@x',
];
const STRINGS = [...OF_PROXIES, ...hostileStrings(20_261_124, 1000 - OF_PROXIES.length)];

function frontend(name: string, protocol: 'TCP' | 'UDP'): Frontend {
  return {
    name,
    family: 'IPv4',
    protocol,
    listeners: [{ address: '0.0.0.0', port: 8000 }],
    origin: `${protocol} 10.96.0.1:80`,
    endpoints: ['10.0.0.1:80', '10.0.0.2:80'],
    affinitySeconds: 60,
  };
}

/** The first words of all lines that are no comments: directives, and what opens and closes. */
function directives(lines: Iterable<string>): readonly string[] {
  return [...lines]
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ')[0] as string);
}

describe('a name', () => {
  it('changes nothing but itself', () => {
    for (const protocol of ['TCP', 'UDP'] as const) {
      const clean = [frontend('prod/web:http', protocol)];
      const haproxy = directives(printHAProxy(clean, ['head'], false));
      const nginx = directives(printNginx(clean, ['head'], false, 250));
      for (const text of STRINGS) {
        for (const name of [text, `prod/${text}`, `prod/web:${text}`, `${text}/web:http`]) {
          const hostile = [frontend(name, protocol)];
          // Refused as in all texts that are written, although it would do no harm here.
          if (name.includes('--modprobe')) continue;
          expect(directives(printHAProxy(hostile, ['head'], false)), name).toEqual(haproxy);
          expect(directives(printNginx(hostile, ['head'], false, 250)), name).toEqual(nginx);
        }
      }
    }
  });

  it('is one word of harmless characters, and not too long', () => {
    for (const text of STRINGS) {
      expect(identifierOf(frontend(`prod/${text}:p`, 'TCP'), true)).toMatch(/^[A-Za-z0-9._-]{1,254}$/);
      expect(commentName(`prod/${text}:p`)).toMatch(/^[A-Za-z0-9./:_-]{1,250}$/);
    }
  });

  it('is different where names are', () => {
    const names = [
      ...STRINGS.map((text) => `prod/${text}`),
      'a/b:c',
      'a/b.c',
      'a.b/c',
      'a/b',
      'a/b_2ec',
      'a_2f/b',
    ];
    // A lone half of a surrogate pair has no bytes of its own.
    const wellFormed = names.filter((name) => Buffer.from(name, 'utf8').toString('utf8') === name);
    const identifiers = new Set(wellFormed.map((name) => identifierOf(frontend(name, 'TCP'), false)));
    expect(identifiers.size).toBe(new Set(wellFormed).size);
  });
});

describe('an address', () => {
  it('is an address with a port, or nothing is written', () => {
    const words = ['10.0.0.1:80', '[fd00::1]:80', '0.0.0.0:65535', '[::]:1'];
    for (const word of words) expect(checkedPlace(word)).toBe(word);
    for (const text of [...STRINGS, '10.0.0.1', '10.0.0.1:0', '10.0.0.01:80', '[FD00::1]:80', 'fd00::1:80']) {
      for (const place of [text, `${text}:80`, `10.0.0.1:80${text}`, `${text}10.0.0.1:80`]) {
        if (words.includes(place) || text === '10.0.0.1' || /^\d$/.test(text)) continue;
        expect(() => checkedPlace(place), place).toThrow('refusing to write');
      }
    }
  });
});

describe('objects', () => {
  const clean = (name: string, namespace: string, portName: string, address: string) => {
    const objects = serviceObjects({
      name: 'web',
      spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }] },
      endpoints: { IPv4: [address] },
      ports: [{ name: portName, port: 8080, protocol: 'TCP' }],
    });
    return objects.map((source) => {
      const { metadata, spec } = source.object as {
        readonly metadata: object;
        readonly spec?: { readonly ports: readonly object[] };
      };
      const isService = spec !== undefined;
      const object = {
        ...source.object,
        metadata: { ...metadata, namespace, ...(isService ? { name } : {}) },
        ...(isService
          ? { spec: { ...spec, ports: spec.ports.map((port) => ({ ...port, name: portName })) } }
          : {}),
      };
      return { ...source, object };
    });
  };
  const linesOf = async (objects: ReturnType<typeof clean>, portals: boolean) => {
    const { compiled } = await compile({
      objects: [nodeObject('192.168.10.10'), ...objects],
      mode: 'userspace',
      kubeVersion: '1.25',
      skipInvalid: true,
      portals,
    });
    return directives((compiled?.artifacts ?? []).flatMap(({ text }) => [...text()]));
  };

  it('that are refused leave nothing behind', async () => {
    const good = { name: 'web', namespace: 'prod', portName: 'http', address: '10.0.0.1' };
    const make = ({ name, namespace, portName, address }: typeof good) =>
      clean(name, namespace, portName, address);
    const whole = new Set(await linesOf(make(good), true));
    const count = (await linesOf(make(good), true)).length;
    for (const text of STRINGS) {
      for (const field of ['name', 'namespace', 'portName', 'address'] as const) {
        const found = await linesOf(make({ ...good, [field]: text }), true);
        expect(found.length, `${field} ${text}`).toBeLessThanOrEqual(count);
        for (const word of found) expect(whole.has(word) || word === 'return', `${field} ${word}`).toBe(true);
      }
    }
  });
});

describe('a view that nobody admitted', () => {
  it('writes no rule, and no directive', async () => {
    const { view } = await compile({
      objects: [
        nodeObject('192.168.10.10'),
        ...serviceObjects({
          name: 'web',
          spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] },
          endpoints: { IPv4: ['10.0.0.1'] },
        }),
      ],
      mode: 'userspace',
      kubeVersion: '1.25',
    });
    if (view === undefined) throw new Error('no view');
    const [port] = view.families.IPv4.servicePorts;
    if (port === undefined) throw new Error('no port');
    const withName = (name: string) => ({
      ...view,
      families: {
        ...view.families,
        IPv4: {
          ...view.families.IPv4,
          servicePorts: [{ ...port, servicePort: { ...port.servicePort, name } }],
        },
      },
    });
    const linesOf = (name: string, artifact: string) => {
      const { artifacts } = userspaceBackend.compile(withName(name));
      return [...(artifacts.find((each) => each.name === artifact)?.text() ?? [])].join('').split('\n')
        .length;
    };
    for (const artifact of ['haproxy.cfg', 'nginx.conf', 'iptables.save', 'iptables.restore']) {
      const count = linesOf('prod/web', artifact);
      for (const text of STRINGS) {
        let lines = count;
        try {
          lines = linesOf(`prod/${text}`, artifact);
        } catch (error) {
          expect((error as Error).message).toContain('refusing to write');
        }
        expect(lines, `${artifact} ${text}`).toBe(count);
      }
    }
  });
});
