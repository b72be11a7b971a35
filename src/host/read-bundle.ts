/**
 * Reads what was collected from many nodes. In: a directory or a tar archive with a folder for each node. Out: a state
 * for each folder.
 */
import { limits, raising } from '../input/limits.ts';
import { quote } from '../input/quote.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { compareStrings } from '../shared/ordering.ts';
import { listBundle } from './bundle-files.ts';
import { assembleHost, Budget, type DumpFile, decodeDump, recogniseDump } from './dump-files.ts';
import type { HostState } from './host-state.ts';
import { KNOWN_OUTPUTS } from './recognise.ts';
import { innerPath } from './tar.ts';

/** So many names are shown. */
const SHOWN = 5;

type BundleFile =
  | { readonly kind: 'dump'; readonly path: string; readonly dump: DumpFile }
  /** A dump of which a part is missing: `reason` is a sentence. */
  | { readonly kind: 'damaged'; readonly path: string; readonly reason: string }
  /** `reason` completes "it is …". */
  | { readonly kind: 'other'; readonly path: string; readonly reason: string };

/**
 * Reads a bundle. A folder's damaged dumps are notes of severity `error` of its state and not among its texts.
 * @param path of a directory, a tar archive or one packed with gzip.
 * @returns the states by the names of their folders; without a name where the files stand in no folder.
 * @throws OperationalError where the bundle cannot be read, is too large or has no dump.
 */
export async function readBundle(path: string): Promise<readonly HostState[]> {
  const { bundleBytes } = limits();
  const refusal = `${quote(path)} has more than ${bundleBytes} bytes when it is unpacked: give it in parts, or ${raising('bundle-bytes')}`;
  const budget = new Budget(bundleBytes, refusal);
  const files: BundleFile[] = [];
  const folders = new Set<string>();
  for await (const entry of listBundle(path, budget)) {
    if (entry.kind === 'directory') {
      if (entry.path !== '') folders.add(entry.path);
    } else if (entry.kind === 'passedOver') files.push({ ...entry, kind: 'other' });
    else files.push(await readFile(entry.path, entry.bytes, path, budget));
  }
  if (!files.some(({ kind }) => kind === 'dump')) {
    throw (
      damagedOnly(files, path) ?? new OperationalError(`${quote(path)} has no file with ${KNOWN_OUTPUTS}`)
    );
  }
  return statesOf(byNode(files, folders), path);
}

async function readFile(path: string, bytes: Buffer, bundle: string, budget: Budget): Promise<BundleFile> {
  const origin = `${bundle}:${path}`;
  let text: string;
  try {
    text = await decodeDump(bytes, origin, budget);
  } catch (error) {
    // What is too much for all files is too much.
    if (!(error instanceof OperationalError) || budget.isSpent) throw error;
    return { kind: 'damaged', path, reason: error.message };
  }
  const dump = recogniseDump(text, origin);
  switch (dump.kind) {
    case 'outputs':
      return { kind: 'dump', path, dump };
    case 'incomplete':
      return { kind: 'damaged', path, reason: `the dump ${quote(origin)} is not complete: ${dump.reason}` };
    case 'unknown':
      return { kind: 'other', path, reason: dump.reason };
  }
}

function damagedOnly(files: readonly BundleFile[], path: string): OperationalError | undefined {
  const damaged = files.find((file) => file.kind === 'damaged');
  return damaged && new OperationalError(`${quote(path)} has no dump that can be read: ${damaged.reason}`);
}

/** The files of each node; those that stand in no folder under `undefined`. */
type FilesByNode = ReadonlyMap<string | undefined, readonly BundleFile[]>;

/** By the first folder of their paths, or the second where `tar c bundle` put one around all of them. */
function byNode(files: readonly BundleFile[], folders: Iterable<string>): FilesByNode {
  const dumps = files.filter(({ kind }) => kind !== 'other').map(({ path }) => path.split('/'));
  const [[top] = []] = dumps;
  const depth = dumps.every((steps) => steps.length > 2 && steps[0] === top) ? 1 : 0;
  const nodes = new Map<string | undefined, BundleFile[]>();
  for (const folder of folders) {
    const node = folder.split('/')[depth];
    // A node of which nothing was collected is one of the answers.
    if (node !== undefined && !nodes.has(node)) nodes.set(node, []);
  }
  for (const file of files) {
    const steps = file.path.split('/');
    const isInside = innerPath(file.path) !== undefined && steps.length > depth + 1;
    const node = isInside ? steps[depth] : undefined;
    const own = nodes.get(node);
    if (own === undefined) nodes.set(node, [file]);
    else own.push(file);
  }
  return nodes;
}

function statesOf(nodes: FilesByNode, bundle: string): HostState[] {
  const loose = nodes.get(undefined) ?? [];
  const holdsDump = (files: readonly BundleFile[]) => files.some(({ kind }) => kind === 'dump');
  const names = [...nodes.keys()].filter((node) => node !== undefined).sort(compareStrings);
  if (!holdsDump(loose)) {
    const looseNotes = [...damagedNotes(loose), ...otherNotes(loose)];
    return names.map((node, i) => {
      const state = stateOf(nodes.get(node) ?? [], node);
      // They are of no node, and must be somewhere.
      return i === 0 ? { ...state, notes: [...looseNotes, ...state.notes] } : state;
    });
  }
  if (names.some((node) => holdsDump(nodes.get(node) ?? []))) {
    throw new OperationalError(
      `${quote(bundle)} has dumps in folders and dumps outside of them: put each into the folder of its node`,
    );
  }
  return [stateOf(loose, undefined)];
}

function stateOf(files: readonly BundleFile[], node: string | undefined): HostState {
  const named = node === undefined ? {} : { node };
  const dumps = files.flatMap((file) => (file.kind === 'dump' ? [file.dump] : []));
  const notes = [...(dumps.length === 0 ? [NO_DUMP] : []), ...damagedNotes(files), ...otherNotes(files)];
  try {
    const state = assembleHost(dumps);
    return { ...named, ...state, notes: [...notes, ...state.notes] };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    const contradiction: Diagnostic = {
      severity: 'error',
      code: 'ContradictingDumps',
      message: error.message,
      why: 'which of them has the rules in force is not known, so none is taken',
    };
    return { ...named, texts: [], notes: [contradiction, ...notes] };
  }
}

const NO_DUMP: Diagnostic = {
  severity: 'warning',
  code: 'NoDump',
  message: 'the folder has no dump that can be read',
};

function damagedNotes(files: readonly BundleFile[]): Diagnostic[] {
  return files.flatMap((file): Diagnostic[] =>
    file.kind === 'damaged' ? [{ severity: 'error', code: 'DamagedDump', message: file.reason }] : [],
  );
}

function otherNotes(files: readonly BundleFile[]): Diagnostic[] {
  const others = files.flatMap((file) => (file.kind === 'other' ? [file] : []));
  if (others.length === 0) return [];
  const shown = others.slice(0, SHOWN).map(({ path, reason }) => `${quote(path)} (${reason})`);
  const rest = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : '';
  return [
    {
      severity: 'note',
      code: 'FilesPassedOver',
      message: `files without dumps are passed over: ${shown.join(', ')}${rest}`,
    },
  ];
}
