/** `admit`: manifests in, the objects as the API server would keep them out, or what is wrong with them. */

import { type AdmittedObject, admit, DEFAULT_ADMISSION_OPTIONS } from '../../apiserver/admit.ts';
import type { Source } from '../../input/source.ts';
import { plainJson, plainYaml } from '../../report/plain-data.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { isLive, loadInput, reportDiagnostics } from '../load-input.ts';
import type { CommonOptions, InputOptions } from '../options.ts';

interface AdmitOptions extends InputOptions, CommonOptions {
  readonly output: 'yaml' | 'json';
}

export async function admitCommand(options: AdmitOptions, io: CommandIO): Promise<number> {
  if (isLive(options))
    throw new OperationalError('name the manifests with -f: a file, a folder, or - for stdin');
  const { source, admission } = await loadInput(options, io);
  const { objects, diagnostics } = admit(source.objects, { ...DEFAULT_ADMISSION_OPTIONS, ...admission });
  const refused = reportDiagnostics([...source.diagnostics, ...diagnostics], [source], options, io);
  if (options.output === 'json') {
    await writeAll(io.stdout, [plainJson({ objects: objects.map((each) => describe(each, source)) })]);
  } else if (!refused || options.skipInvalid) {
    await writeAll(io.stdout, yamlDocuments(objects));
  }
  return refused && !options.skipInvalid ? 2 : 0;
}

function* yamlDocuments(objects: readonly AdmittedObject[]): Generator<string> {
  let separator = '';
  for (const { object } of objects) {
    if (object === undefined) continue;
    yield `${separator}${plainYaml(object)}`;
    separator = '---\n';
  }
}

function describe({ source, accepted, diagnostics, object }: AdmittedObject, input: Source) {
  const metadata = (object?.metadata ?? source.object.metadata ?? {}) as {
    namespace?: unknown;
    name?: unknown;
  };
  const ofSeverity = (severity: string) =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity);
  return {
    kind: source.kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name ?? '',
    file: source.origin.file,
    line: input.locate(source.origin, [])?.line ?? null,
    accepted,
    errors: ofSeverity('error').map(({ field, code, message }) => ({
      field: field ?? '',
      reason: code,
      message,
    })),
    warnings: ofSeverity('warning').map(({ message }) => message),
    ...(object === undefined ? {} : { object }),
  };
}
