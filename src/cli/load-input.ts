/** Reads what `-f` names, or the live cluster, and reports what was found on the way. */
import type { AdmissionOptions } from '../apiserver/admit.ts';
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Moment } from '../controllers/node-lifecycle.ts';
import { prepareCluster } from '../controllers/prepare-cluster.ts';
import { type ClusterList, type Kubectl, readCluster } from '../input/read-cluster.ts';
import { DEFAULT_KINDS, type InputRequest, readInput } from '../input/read-input.ts';
import { readLiveProxyConfiguration } from '../input/read-live-proxy-configuration.ts';
import type { Source, SourceObject } from '../input/source.ts';
import { diagnosticText } from '../report/diagnostics.ts';
import { plainText } from '../report/plain-text.ts';
import { style } from '../report/style.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { CommandIO } from './io.ts';
import type { ClusterOptions, CommonOptions, InputOptions } from './options.ts';

export interface LoadedInput {
  readonly source: Source;
  readonly admission: Partial<AdmissionOptions>;
}

/** True where no manifests are named. */
export function isLive(options: InputOptions): boolean {
  return options.filename.length === 0;
}

/** @throws OperationalError where a file cannot be read. */
export async function loadInput(options: InputOptions & CommonOptions, io: CommandIO): Promise<LoadedInput> {
  const source = await readInput(inputRequest(options, io));
  if (options.verbose) {
    for (const [kind, count] of source.passedOver) {
      io.stderr.write(`passed over ${count} of kind ${plainText(kind)}\n`);
    }
  }
  return { source, admission: admissionOf(options) };
}

export function inputRequest(options: InputOptions, io: CommandIO): InputRequest {
  return {
    filenames: options.filename,
    recursive: options.recursive ?? false,
    stdin: io.stdin,
    kinds: DEFAULT_KINDS,
  };
}

/** How what was read is admitted. */
export function admissionOf(options: InputOptions): Partial<AdmissionOptions> {
  return isLive(options) ? LENIENT : admissionOptions(options);
}

/** A later release has fields that are not known here. */
const LENIENT: Partial<AdmissionOptions> = { fieldValidation: 'Ignore' };

/** How the command line wants kubectl to be run. */
export function kubectlOf(options: ClusterOptions, io: CommandIO): Kubectl {
  return { flags: options, env: io.env };
}

/** @throws OperationalError where the cluster cannot be read. */
export async function loadCluster(
  lists: readonly ClusterList[],
  options: ClusterOptions,
  io: CommandIO,
): Promise<LoadedInput> {
  return { source: await readCluster({ lists, kubectl: kubectlOf(options, io) }), admission: LENIENT };
}

export interface LoadedNode extends LoadedInput {
  /** kube-proxy's configuration where the cluster tells it; its source has what is to be said of it. */
  readonly proxyConfig: { readonly source: Source; readonly configuration: SourceObject | undefined };
}

/**
 * Reads lists and, beside them, kube-proxy's configuration.
 * @throws OperationalError where the cluster cannot be read.
 */
export async function loadClusterOfNode(
  lists: readonly ClusterList[],
  options: ClusterOptions,
  io: CommandIO,
): Promise<LoadedNode> {
  const kubectl = kubectlOf(options, io);
  const { read, proxyConfig } = await besideConfiguration(kubectl, (signal) =>
    readCluster({ lists, kubectl, signal }),
  );
  return { source: read, admission: LENIENT, proxyConfig };
}

/** Where one of the two fails, the other is given up. */
export async function besideConfiguration<T>(
  kubectl: Kubectl,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly read: T; readonly proxyConfig: LoadedNode['proxyConfig'] }> {
  const stop = new AbortController();
  try {
    const [result, source] = await Promise.all([
      read(stop.signal),
      readLiveProxyConfiguration(kubectl, stop.signal),
    ]);
    return { read: result, proxyConfig: { source, configuration: source.objects[0] } };
  } finally {
    stop.abort();
  }
}

function admissionOptions(options: InputOptions): Partial<AdmissionOptions> {
  return {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.serviceCidr === undefined ? {} : { serviceCIDRs: options.serviceCidr.split(',') }),
    ...(options.serviceNodePortRange === undefined
      ? {}
      : { serviceNodePortRange: options.serviceNodePortRange }),
  };
}

/** Reads a file that holds one KubeProxyConfiguration. */
export async function loadProxyConfiguration(
  filename: string,
  io: CommandIO,
): Promise<{ source: Source; configuration: SourceObject }> {
  const source = await readInput({
    filenames: [filename],
    recursive: false,
    stdin: io.stdin,
    kinds: new Set(['KubeProxyConfiguration']),
  });
  const configuration = source.objects[0];
  if (configuration === undefined || source.objects.length > 1) {
    const found = configuration === undefined ? 'has none' : 'has several';
    throw new OperationalError(`--proxy-config must name one KubeProxyConfiguration; ${filename} ${found}`);
  }
  return { source, configuration };
}

/** Drops what a cluster's owner cannot mend by what is asked here, unless more is wanted: a dump has it a thousand times. */
export function withoutDeprecations(
  diagnostics: readonly Diagnostic[],
  { verbose }: CommonOptions,
): readonly Diagnostic[] {
  return verbose ? diagnostics : diagnostics.filter(({ code }) => code !== 'Deprecated');
}

/** Writes diagnostics to stderr with their places in the sources. True if there is an error among them. */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: readonly Source[],
  options: CommonOptions,
  io: CommandIO,
): boolean {
  const isTerminal = 'isTTY' in io.stderr && io.stderr.isTTY === true;
  const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
  for (const diagnostic of diagnostics) {
    const locate = ({ origin, path }: Diagnostic) => {
      if (origin === undefined) return undefined;
      for (const source of sources) {
        const position = source.locate(origin, path ?? []);
        if (position !== undefined) return position;
      }
      return undefined;
    };
    io.stderr.write(diagnosticText(diagnostic, locate, chalk));
  }
  return diagnostics.some(({ severity }) => severity === 'error');
}

/**
 * Reads, prepares and reports what a command without a node works on.
 * @param lists of a live cluster, used where no manifests are named
 * @param unsaid codes of warnings that do not matter to the command
 * @param moment of which the cluster is wanted
 * @returns undefined where an object was refused, which has been said
 */
export async function loadState(
  lists: readonly ClusterList[],
  unsaid: readonly string[],
  options: InputOptions & ClusterOptions & CommonOptions,
  io: CommandIO,
  moment?: Moment,
): Promise<ClusterState | undefined> {
  const live = isLive(options);
  const { source, admission } = live ? await loadCluster(lists, options, io) : await loadInput(options, io);
  const skipInvalid = options.skipInvalid ?? false;
  const { state, diagnostics } = prepareCluster({
    objects: source.objects,
    admission,
    live,
    skipInvalid,
    moment,
  });
  const said = withoutDeprecations(diagnostics, options).filter(({ code }) => !unsaid.includes(code));
  const refused = reportDiagnostics([...source.diagnostics, ...said], [source], options, io);
  return refused && !skipInvalid ? undefined : state;
}
