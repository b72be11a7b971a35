/**
 * Measures reading a live cluster against `kubectl get --raw` for the same lists alone. A server on loopback stands for
 * the API server; once it answers with whole lists, as the API server does from its cache, once in pages of 500.
 *
 *   node scripts/bench-live.js [--runs 5] [--services 10000] [--endpoints 10]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { benchCluster } from './bench-cluster.js';

const RESOURCES = {
  Service: '/api/v1/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices',
  Node: '/api/v1/nodes',
  ServiceCIDR: '/apis/networking.k8s.io/v1/servicecidrs',
};
const PAGE = 500;

function flag(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** The answers by path and query; the tokens of pages are their offsets. */
function answers(paged) {
  const { items } = JSON.parse(benchCluster(flag('--services', 10_000), flag('--endpoints', 10)));
  const bodies = new Map();
  for (const [kind, path] of Object.entries(RESOURCES)) {
    const all = items.filter((item) => item.kind === kind);
    const apiVersion = path.startsWith('/apis/') ? path.split('/').slice(2, 4).join('/') : 'v1';
    const size = paged ? PAGE : all.length || 1;
    for (let from = 0; from === 0 || from < all.length; from += size) {
      const page = all.slice(from, from + size).map(({ kind: _, apiVersion: __, ...item }) => item);
      const next = from + size < all.length ? { continue: `${from + size}` } : {};
      const list = {
        kind: `${kind}List`,
        apiVersion,
        metadata: { resourceVersion: '7', ...next },
        items: page,
      };
      // Sorted, as kubectl sends it.
      const query = from === 0 ? `limit=${PAGE}&resourceVersion=0` : `continue=${from}&limit=${PAGE}`;
      bodies.set(`${path}?${query}`, Buffer.from(`${JSON.stringify(list)}\n`));
    }
  }
  return bodies;
}

function serve(paged) {
  const bodies = answers(paged);
  const server = createServer((request, response) => {
    const body = bodies.get(request.url);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => {
    const size = [...bodies.values()].reduce((sum, { length }) => sum + length, 0);
    process.send({ port: server.address().port, paths: [...bodies.keys()], size });
  });
}

/** Wall time in milliseconds, and what came on stdout. */
function run(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status !== 0) reject(new Error(`${command} ended with ${status}`));
      else resolve({ wall: Number(process.hrtime.bigint() - start) / 1e6, output });
    });
  });
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function compare(folder, reader, paged) {
  const server = spawn(process.execPath, [import.meta.filename, '--serve', ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PAGED: paged ? '1' : '' },
  });
  try {
    const { port, paths, size } = await new Promise((resolve) => server.once('message', resolve));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        contexts: [{ name: 'c', context: { cluster: 'c' } }],
        'current-context': 'c',
      }),
    );
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const kubectl = env.KUBECTL_PATH || 'kubectl';
    const alone = paths.map((path) => `'${kubectl}' get --raw '${path}' >/dev/null`).join('\n');
    const walls = { alone: [], ours: [] };
    let report = '';
    for (let i = 0; i < flag('--runs', 5); i++) {
      walls.alone.push((await run('sh', ['-ec', alone], env)).wall);
      const { wall, output } = await run(process.execPath, [reader], env);
      walls.ours.push(wall);
      report = output;
    }
    const [base, ours] = [median(walls.alone), median(walls.ours)];
    console.log(
      `${paged ? `${paths.length} pages` : 'whole lists'}, ${(size / 1e6).toFixed(1)} MB: ${ours.toFixed(0)} ms, ` +
        `${(ours / base).toFixed(2)} × kubectl get --raw alone (${base.toFixed(0)} ms); ${report.trim()}`,
    );
  } finally {
    server.kill();
  }
}

if (process.argv.includes('--serve')) serve(process.env.PAGED === '1');
else {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-bench-live-'));
  try {
    await build({
      stdin: {
        contents: `import { readCluster } from './src/input/read-cluster.ts';
          const lists = ${JSON.stringify(Object.keys(RESOURCES).map((kind) => ({ kind })))};
          const { objects } = await readCluster({ lists, kubectl: { flags: {}, env: process.env } });
          console.log(objects.length, 'objects, peak', Math.round(process.resourceUsage().maxRSS / 1024), 'MiB');`,
        resolveDir: '.',
        loader: 'ts',
      },
      outdir: folder,
      entryNames: 'reader',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      minifySyntax: true,
      minifyWhitespace: true,
      banner: {
        js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);",
      },
    });
    for (const paged of [false, true]) await compare(folder, join(folder, 'reader.mjs'), paged);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
