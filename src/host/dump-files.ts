/**
 * Makes a host's state of files that hold dumps. In: the bytes of the files. Out: what each holds, then all of them as
 * one `HostState`.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { limits, raising } from '../input/limits.ts';
import { quote } from '../input/quote.ts';
import { keepInput } from '../input/stored-input.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { HostState, HostText } from './host-state.ts';
import { joinIptablesDumps } from './iptables-dumps.ts';
import { readLocalAddresses } from './local-addresses.ts';
import { type Piece, type Recognition, recognise, type Strays } from './recognise.ts';

/** A file in which dumps were recognised. */
export interface DumpFile {
  readonly kind: 'outputs';
  readonly origin: string;
  readonly pieces: readonly Piece[];
  readonly strays: Strays;
  readonly remarks: readonly string[];
}

/** Bytes that may still be unpacked. */
export class Budget {
  private left: number;
  private readonly refusal: string;

  constructor(bytes: number, refusal: string) {
    this.left = bytes;
    this.refusal = refusal;
  }

  /** What one file may have of it. */
  get ofOneFile(): number {
    return Math.min(this.left, limits().fileBytes);
  }

  get isSpent(): boolean {
    return this.left < 0;
  }

  /** @throws OperationalError where it is used up. */
  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw new OperationalError(this.refusal);
  }
}

export function tooLarge(origin: string): OperationalError {
  return new OperationalError(
    `${sourceName(origin)} is larger than ${limits().fileBytes} bytes: ${raising('file-bytes')}`,
  );
}

/** `"rules.txt"`, `standard input`. */
export function sourceName(origin: string): string {
  return origin === '-' ? 'standard input' : quote(origin);
}

/**
 * The text of a file, unpacked where it is gzip.
 * @throws OperationalError where it cannot be unpacked, or not within the budget.
 */
export async function decodeDump(bytes: Buffer, origin: string, budget: Budget): Promise<string> {
  const other = otherCompression(bytes);
  if (other !== undefined) {
    throw new OperationalError(`${sourceName(origin)} is packed with ${other}: unpack it first, or use gzip`);
  }
  const unpacked = isGzip(bytes) ? await unpack(bytes, origin, budget) : bytes;
  // Turns UTF-16, which PowerShell writes, into UTF-8.
  const kept = await keepInput(origin, [unpacked]);
  if (kept === undefined) throw tooLarge(origin);
  return kept.read(0).toString('utf8');
}

async function unpack(bytes: Buffer, origin: string, budget: Budget): Promise<Buffer> {
  try {
    const unpacked = await promisify(gunzip)(bytes, { maxOutputLength: Math.max(1, budget.ofOneFile) });
    budget.spend(unpacked.length);
    return unpacked;
  } catch (cause) {
    if (cause instanceof OperationalError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      // The work has been done, and is not to be done for a thousand more such files.
      budget.spend(budget.ofOneFile + 1);
      throw new OperationalError(`${sourceName(origin)} is too large when it is unpacked`, { cause });
    }
    throw new OperationalError(`${sourceName(origin)} cannot be unpacked: ${message}`, { cause });
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What cannot be unpacked here, by its first bytes. */
export function otherCompression(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (start === '28b52ffd') return 'zstd';
  if (start === 'fd377a58') return 'xz';
  if (start === '504b0304') return 'zip';
  return start.startsWith('425a68') ? 'bzip2' : undefined;
}

export type RecognisedDump = DumpFile | Exclude<Recognition, { readonly kind: 'outputs' }>;

/** What a file holds. */
export function recogniseDump(text: string, origin: string): RecognisedDump {
  const recognition = recognise(text);
  return recognition.kind === 'outputs' ? { origin, ...recognition } : recognition;
}

/**
 * All the dumps of one host.
 * @throws OperationalError where they cannot be of one host.
 */
export function assembleHost(files: readonly DumpFile[]): HostState {
  const { texts, notes } = joinIptablesDumps(
    files.map(({ origin, pieces }) => ({
      origin,
      tables: pieces.flatMap(({ table: name, text }) => (name === undefined ? [] : [{ name, text }])),
    })),
  );
  const others = files.flatMap(({ origin, pieces }) =>
    pieces.flatMap(({ tool, text }): HostText[] =>
      tool === 'iptables-save' ? [] : [{ tool, text, origin }],
    ),
  );
  return {
    texts: [...texts, ...others],
    ...addressesOf(others),
    notes: [...files.flatMap(notesOfFile), ...notes],
  };
}

/** `localAddresses`, where `ip addr` is among the texts. */
export function addressesOf(texts: readonly HostText[]): Pick<HostState, 'localAddresses'> {
  const lists = texts.filter(({ tool }) => tool === 'ip-addr');
  if (lists.length === 0) return {};
  return { localAddresses: [...new Set(lists.flatMap(({ text }) => readLocalAddresses(text)))] };
}

function notesOfFile({ origin, strays: { count, first }, remarks }: DumpFile): Diagnostic[] {
  const notes = remarks.map((remark) => remarkNote(remark, sourceName(origin)));
  if (first === undefined) return notes;
  const others = count === 1 ? '' : ` and ${count - 1} other lines`;
  const message = `line ${first.line} of ${sourceName(origin)}, ${quote(first.text)},${others} belong${count === 1 ? 's' : ''} to no output that is known`;
  return [...notes, { severity: 'note', code: 'LinesPassedOver', message }];
}

/** What a tool says its own output lacks. @param output how the output is called */
export function remarkNote(remark: string, output: string): Diagnostic {
  const isLegacy = remark.startsWith('Warning: ');
  return {
    severity: 'warning',
    code: isLegacy ? 'LegacyTablesPresent' : 'IncompatibleTable',
    message: isLegacy
      ? `beside what is in ${output} there are iptables-legacy tables, which are not in it`
      : `${output} is not complete: ${quote(remark)}`,
    why: isLegacy
      ? 'a packet passes through both; where kube-proxy uses the others, these are not its rules'
      : 'the rules of that table are unknown',
    mend: isLegacy ? 'dump them with iptables-legacy-save' : 'dump them with nft list ruleset',
  };
}
