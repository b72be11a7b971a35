/**
 * The rules of the house, checked on text alone. In: source files by their path below `src/`. Out: what breaks a rule,
 * one line each.
 */

/** Data goes down this list and never up: a room may import only from itself and from rooms before it. */
const ROOMS: readonly string[] = [
  'shared',
  'input',
  'apiserver',
  'controllers',
  'proxy',
  'backends',
  'discovery',
  'host',
  'trace',
  'diff',
  'lint',
  'watch',
  'report',
  'library',
  'cli',
];

/** Rooms whose folders are siblings that do not know each other. */
const ROOMS_OF_SIBLINGS: ReadonlySet<string> = new Set(['backends', 'discovery']);

/** The rooms that may read and write the world outside. */
const ROOMS_WITH_IO: ReadonlySet<string> = new Set(['input', 'host', 'watch', 'cli']);

/** Modules of Node that compute and nothing else. */
const PURE_MODULES: ReadonlySet<string> = new Set([
  'assert',
  'buffer',
  'crypto',
  'path',
  'string_decoder',
  'util',
]);

/** `fs`, `fs/promises` and the like, also when they are imported without the prefix `node:`. */
const NODE_MODULES: ReadonlySet<string> = new Set(
  (
    'assert async_hooks buffer child_process cluster console crypto dgram diagnostics_channel dns domain events fs http ' +
    'http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream ' +
    'string_decoder timers tls tty url util v8 vm wasi worker_threads zlib'
  ).split(' '),
);

/** The library's entry: it may import any room but `cli`, and nothing imports it, so that no command loads all of it. */
const ENTRY = 'index.ts';

interface Import {
  readonly specifier: string;
  /** The imported file below `src/`; undefined for packages. */
  readonly target: string | undefined;
}

/** @param files contents by path below `src/`, such as `proxy/release.ts`. */
export function findViolations(files: ReadonlyMap<string, string>): string[] {
  const violations: string[] = [];
  const graph = new Map<string, readonly string[]>();
  for (const [file, text] of files) {
    violations.push(...checkNames(file), ...checkExports(file, text));
    const imports = readImports(file, text);
    graph.set(
      file,
      imports.flatMap(({ target }) => (target === undefined ? [] : [target])),
    );
    for (const each of imports) violations.push(...checkImport(file, each, files));
  }
  return [...violations, ...findCycles(graph)];
}

function checkNames(file: string): string[] {
  const steps = file.split('/');
  const bad = steps.filter((step, i) =>
    i === steps.length - 1
      ? !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|js)$/.test(step)
      : !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(step),
  );
  return bad.length > 0 ? [`${file}: the name is not kebab-case`] : [];
}

function checkExports(file: string, text: string): string[] {
  return /^export default\b/m.test(text) || /\bas default\b/.test(text) ? [`${file}: a default export`] : [];
}

/** The static imports and re-exports, and the dynamic imports. */
function readImports(file: string, text: string): Import[] {
  const specifiers = [
    ...matches(text, /^(?:import|export)\b[^;'"]*?\bfrom\s*(['"])(.+?)\1/gm),
    ...matches(text, /^import\s*(['"])(.+?)\1/gm),
    ...matches(text, /\bimport\(\s*(['"])(.+?)\1\s*\)/g),
  ];
  for (const _ of text.matchAll(/\bimport\(\s*[^'"\s]/g)) specifiers.push('(computed)');
  return specifiers.map((specifier) => ({
    specifier,
    target: specifier.startsWith('.') ? resolvePath(file, specifier) : undefined,
  }));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[2] as string);
}

function resolvePath(file: string, specifier: string): string {
  const steps = file.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') {
      if (steps.length === 0) return `../${specifier}`;
      steps.pop();
    } else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

function checkImport(
  file: string,
  { specifier, target }: Import,
  files: ReadonlyMap<string, string>,
): string[] {
  const from = roomOf(file);
  if (specifier === '(computed)') return [`${file}: an import whose name is computed`];
  if (target === undefined) {
    const name = specifier.replace(/^node:/, '').split('/')[0] as string;
    const outside = NODE_MODULES.has(name) && !PURE_MODULES.has(name);
    return outside && !ROOMS_WITH_IO.has(from)
      ? [`${file}: I/O outside ${[...ROOMS_WITH_IO]}: ${specifier}`]
      : [];
  }
  if (target.startsWith('../')) return [`${file}: an import from outside src: ${specifier}`];
  if (!files.has(target)) return [`${file}: no such file: ${specifier}`];
  const reason = whyForbidden(file, target);
  return reason === undefined ? [] : [`${file}: ${reason}: ${specifier}`];
}

/** The first folder of a path, or the path itself for the library's entry. */
function roomOf(file: string): string {
  return file.split('/')[0] as string;
}

function whyForbidden(file: string, target: string): string | undefined {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === ENTRY) return to === 'cli' ? 'the library imports the command line' : undefined;
  if (to === ENTRY) return 'nothing imports the library as a whole';
  const rank = ROOMS.indexOf(from);
  if (rank < 0) return `${from} is no room of the house`;
  if (ROOMS.indexOf(to) > rank) return `${from} imports up from ${to}`;
  if (to === 'report' && from !== 'report' && from !== 'cli') return 'only cli imports report';
  if (from === to && ROOMS_OF_SIBLINGS.has(from) && sibling(file) !== sibling(target)) {
    // The files above the siblings are what they share and where they are listed.
    if (sibling(file) !== undefined && sibling(target) !== undefined) return `${from} know each other`;
  }
  return undefined;
}

/** `iptables` for `backends/iptables/rule.ts`; undefined for `backends/registry.ts`. */
function sibling(file: string): string | undefined {
  const steps = file.split('/');
  return steps.length > 2 ? steps[1] : undefined;
}

/** Every circle of imports once, from its first file on. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push(`${file}: a circle of imports: ${[...path.slice(start), file].join(' -> ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
