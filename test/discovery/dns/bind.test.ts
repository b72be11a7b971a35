/** A real BIND serves the printed zones, and dig gets from it what CoreDNS answers. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../../support/compile-cluster.ts';
import type { OracleDns, OracleQuery } from '../../support/dns-answers.ts';
import { isCheckerMissing } from '../../support/named-checkzone.ts';

const isMissing = ['named', 'dig'].some((program) => spawnSync(program, ['-v']).error !== undefined);
if (isMissing) {
  process.stderr.write('named or dig is missing (packages bind9, bind9-dnsutils): no zone is served\n');
}

const folder = mkdtempSync(join(tmpdir(), 'svcrules-bind-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ZONES = ['cluster.local', 'in-addr.arpa', 'ip6.arpa'];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function writeConfiguration(port: number): string {
  const zones = ZONES.map((zone) => `zone "${zone}" { type primary; file "${join(folder, zone)}.zone"; };\n`);
  const file = join(folder, 'named.conf');
  const options = [
    `directory "${folder}"; pid-file none; session-keyfile none;`,
    `listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no;`,
  ];
  writeFileSync(file, `options { ${options.join(' ')} };\ncontrols {};\n${zones.join('')}`);
  return file;
}

function dig(port: number, questions: readonly string[]): string[] {
  const flags = ['@127.0.0.1', '-p', `${port}`, '+noall', '+answer', '+tries=1', '+time=2'];
  const { stdout } = spawnSync('dig', [...flags, ...questions.flatMap((question) => question.split(' '))], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
}

/** Names have no case, and CoreDNS repeats the question's. */
function plain(lines: readonly string[]): string[] {
  const texts = lines.map((line) =>
    line
      .toLowerCase()
      .split(/\s+/)
      .join(' ')
      .replace(/[["\]]/g, ''),
  );
  return [...new Set(texts)].sort();
}

/** Those that the zone has records for: CoreDNS answers more, such as every address as a Pod's. */
function questionsOf(queries: readonly OracleQuery[], zones: string): OracleQuery[] {
  const owners = new Set(
    [...zones.matchAll(/^(\S+) [0-9]+ IN (\S+)/gm)].map(([, name, type]) => `${name} ${type}`),
  );
  return queries.filter(
    ({ q, pods, answer }) =>
      pods === undefined && answer !== undefined && owners.has(q) && !q.endsWith(' SOA'),
  );
}

it('BIND is there where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') expect(isMissing || isCheckerMissing).toBe(false);
  else expect(isMissing).toBeTypeOf('boolean');
});

describe.skipIf(isMissing)('BIND', () => {
  it('serves what CoreDNS answers', async () => {
    const name = 'mix';
    const cluster = `fixtures/dns/${name}`;
    const flags = ['-f', `${cluster}/cluster.yaml`, '--records', 'answered', '--out', folder];
    expect((await runCaptured(['dns', ...flags])).status).toBe(0);
    // It may leave root behind.
    chmodSync(folder, 0o755);
    const port = await freePort();
    const named = spawn('named', ['-f', '-4', '-c', writeConfiguration(port)], { stdio: 'ignore' });
    const ended = new Promise((resolve) => named.on('exit', resolve));
    try {
      const version = ['dns-version.cluster.local. TXT'];
      await expect.poll(() => dig(port, version).length, { timeout: 10_000, interval: 100 }).toBe(1);
      const { dns } = JSON.parse(readFileSync(`${cluster}/coredns.json`, 'utf8')) as { dns: OracleDns };
      const zones = ZONES.map((zone) => readFileSync(join(folder, `${zone}.zone`), 'utf8')).join('');
      const questions = questionsOf(dns.queries, zones);
      expect(questions.length).toBeGreaterThan(40);
      const expected = plain(questions.flatMap(({ answer }) => answer ?? []));
      expect(
        plain(
          dig(
            port,
            questions.map(({ q }) => q),
          ),
        ),
      ).toEqual(expected);
    } finally {
      named.kill();
      await ended;
    }
  }, 30_000);
});
