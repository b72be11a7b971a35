/** Reads what `-f` names and reports what was found on the way. */
import type { AdmissionOptions } from '../apiserver/admit.ts';
import { DEFAULT_KINDS, readInput } from '../input/read-input.ts';
import type { Source, SourceObject } from '../input/source.ts';
import { diagnosticText } from '../report/diagnostics.ts';
import { plainText } from '../report/plain-text.ts';
import { style } from '../report/style.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { CommandIO } from './io.ts';
import type { CommonOptions, InputOptions } from './options.ts';

export interface LoadedInput {
  readonly source: Source;
  readonly admission: Partial<AdmissionOptions>;
}

/** @throws OperationalError where no input is named, or a file cannot be read. */
export async function loadInput(options: InputOptions & CommonOptions, io: CommandIO): Promise<LoadedInput> {
  if (options.filename.length === 0) {
    throw new OperationalError('name the manifests with -f: a file, a folder, or - for stdin');
  }
  const source = await readInput({
    filenames: options.filename,
    recursive: options.recursive ?? false,
    stdin: io.stdin,
    kinds: DEFAULT_KINDS,
  });
  if (options.verbose) {
    for (const [kind, count] of source.passedOver) {
      io.stderr.write(`passed over ${count} of kind ${plainText(kind)}\n`);
    }
  }
  return { source, admission: admissionOptions(options) };
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
