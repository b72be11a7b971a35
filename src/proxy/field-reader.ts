/**
 * Reads fields of a KubeProxyConfiguration by their types. In: the object as it stands in a file or ConfigMap. Out: typed
 * values, and diagnostics for those that have another type.
 */
import type { Diagnostic, FieldPath, Origin } from '../shared/diagnostic.ts';
import { formatFieldPath } from '../shared/diagnostic.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Reads typed fields; what has another type is a diagnostic and counts as absent. */
export class FieldReader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly root: Fields;
  private readonly origin: Origin | undefined;

  constructor(root: Fields, origin: Origin | undefined) {
    this.root = root;
    this.origin = origin;
  }

  refuse(path: FieldPath, value: unknown, reason: string, code = 'FieldValueInvalid'): void {
    const field = formatFieldPath(path);
    this.diagnostics.push({
      severity: 'error',
      code,
      message: `${field}: ${JSON.stringify(value)} ${reason}`,
      why: 'kube-proxy does not start with this configuration',
      object: { kind: 'KubeProxyConfiguration', name: 'config' },
      field,
      path,
      ...(this.origin === undefined ? {} : { origin: this.origin }),
    });
  }

  string(path: FieldPath): string | undefined {
    return this.typed(path, 'a string', (value) => typeof value === 'string') as string | undefined;
  }

  strings(path: FieldPath): readonly string[] {
    return (this.typed(path, 'a list of strings', isStrings) as readonly string[] | undefined) ?? [];
  }

  section(path: FieldPath) {
    const isSection = (value: unknown) => typeof value === 'object' && !Array.isArray(value);
    const section = (this.typed(path, 'a mapping', isSection) as Fields | undefined) ?? {};
    const read = (key: string, type: string, check: (value: unknown) => boolean) =>
      this.checked(section[key], [...path, key], type, check);
    return {
      keys: () => Object.keys(section),
      string: (key: string) => read(key, 'a string', (v) => typeof v === 'string') as string | undefined,
      boolean: (key: string) =>
        read(key, 'true or false', (v) => typeof v === 'boolean') as boolean | undefined,
      integer: (key: string) => read(key, 'an integer', Number.isInteger) as number | undefined,
      strings: (key: string) =>
        (read(key, 'a list of strings', isStrings) as readonly string[] | undefined) ?? [],
    };
  }

  private typed(path: FieldPath, type: string, check: (value: unknown) => boolean): unknown {
    return this.checked(this.root[path[0] as string], path, type, check);
  }

  private checked(
    value: unknown,
    path: FieldPath,
    type: string,
    check: (value: unknown) => boolean,
  ): unknown {
    if (value === undefined || value === null) return undefined;
    if (check(value)) return value;
    this.refuse(path, value, `must be ${type}`, 'FieldValueTypeInvalid');
    return undefined;
  }
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
