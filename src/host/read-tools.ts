/** In: where tools run and which are wanted. Out: what they print, as the state of one host. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { addressesOf } from './dump-files.ts';
import type { HostState, HostText, HostTool } from './host-state.ts';
import { type IptablesText, readIptables } from './iptables-variants.ts';
import { recognise } from './recognise.ts';
import type { ToolPlace } from './run-tool.ts';

/** `iptables-save` stands for both families and both variants. All of these only print. */
const COMMANDS: Readonly<Record<PrintingTool, readonly string[]>> = {
  'ipset-save': ['ipset', 'save'],
  'ipvsadm-save': ['ipvsadm', '-Sn'],
  'ipvsadm-list': ['ipvsadm', '-Ln'],
  'nft-text': ['nft', '-s', 'list', 'ruleset'],
  'nft-json': ['nft', '-j', '-s', 'list', 'ruleset'],
  'nft-tables': ['nft', 'list', 'tables'],
  'ip-addr': ['ip', 'addr'],
};

/** `addresses` can only come from a file. */
type PrintingTool = Exclude<HostTool, 'iptables-save' | 'addresses'>;

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

export interface ReadToolsOptions {
  readonly place: ToolPlace;
  readonly tools: readonly Exclude<HostTool, 'addresses'>[];
  /** Tools of other modes, read on the side: what is missing or fails is passed over. */
  readonly others?: readonly Exclude<HostTool, 'addresses'>[] | undefined;
  readonly trustDefault: boolean;
}

/**
 * @throws OperationalError where a tool fails or does not print all, and where none of them is there.
 */
export async function readTools(options: ReadToolsOptions): Promise<HostState> {
  const { place, tools } = options;
  const texts: HostText[] = [];
  const notes: Diagnostic[] = [];
  const missing: string[] = [];
  const beside: HostText[] = [];
  for (const tool of new Set(tools)) {
    if (tool === 'iptables-save') {
      const found = await readFamilies(options);
      texts.push(...found.texts);
      beside.push(...found.beside);
      notes.push(...found.notes);
      missing.push(...found.missing);
      continue;
    }
    const [name = ''] = COMMANDS[tool];
    const text = await readOther(tool, place);
    if (text === undefined) missing.push(name);
    else texts.push(text);
  }
  const otherModes = [...beside, ...(await readQuietly(options))];
  const [first] = missing;
  if (texts.length === 0 && first !== undefined) throw new OperationalError(place.whyMissing(first));
  notes.push(...missing.map((name) => missingNote(name, place)));
  return { texts, ...addressesOf(texts), ...(otherModes.length > 0 && { otherModes }), notes };
}

/** What another mode may have left; a host need not have its tools. */
async function readQuietly({
  place,
  others = [],
  trustDefault,
}: ReadToolsOptions): Promise<readonly HostText[]> {
  const texts: HostText[] = [];
  for (const tool of new Set(others)) {
    try {
      if (tool === 'iptables-save') {
        const found = await readFamilies({ place, tools: [], trustDefault });
        texts.push(...found.texts, ...found.beside);
      } else {
        const text = await readOther(tool, place);
        if (text !== undefined && text.text !== '') texts.push(text);
      }
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
    }
  }
  return texts;
}

async function readFamilies({ place, trustDefault }: ReadToolsOptions) {
  const found = await Promise.all(
    FAMILIES.map(
      async (family): Promise<readonly [IPFamily, IptablesText | undefined]> => [
        family,
        await readIptables({ place, family, trustDefault }),
      ],
    ),
  );
  return {
    texts: found.flatMap(([family, result]): HostText[] => {
      if (result === undefined) return [];
      const { command, text } = result;
      return [{ tool: 'iptables-save', family, text, command, origin: `${command} of ${place.name}` }];
    }),
    beside: found.flatMap(([family, result]): HostText[] =>
      (result?.beside ?? []).map(({ command, variant, text }) => ({
        tool: 'iptables-save',
        family,
        text,
        command,
        origin: `${command} of ${place.name}`,
        beside: variant,
      })),
    ),
    notes: found.flatMap(([, result]) => result?.notes ?? []),
    missing: found.flatMap(([family, result]) => {
      if (result !== undefined) return [];
      return [family === 'IPv4' ? 'iptables-save' : 'ip6tables-save'];
    }),
  };
}

async function readOther(tool: PrintingTool, place: ToolPlace): Promise<HostText | undefined> {
  const command = COMMANDS[tool];
  const origin = `${command.join(' ')} of ${place.name}`;
  const outcome = await place.run(command);
  switch (outcome.kind) {
    case 'missing':
      return undefined;
    case 'failed':
      throw new OperationalError(outcome.message, { cause: outcome.detail });
    case 'done': {
      // No sets, no virtual servers, no tables: no text.
      if (outcome.stdout.trim() === '') return { tool, text: '', origin };
      return { tool, text: complete(outcome.stdout, tool, origin), origin };
    }
  }
}

/** @throws OperationalError where it is not all of what the tool prints, or more. */
function complete(stdout: string, tool: HostTool, origin: string): string {
  const recognition = recognise(stdout);
  if (recognition.kind !== 'outputs') {
    throw new OperationalError(`${origin} did not print all: ${recognition.reason}`);
  }
  const { pieces, strays } = recognition;
  if (strays.first !== undefined || pieces.some((piece) => piece.tool !== tool)) {
    throw new OperationalError(`${origin} printed something else than was asked for`);
  }
  return pieces.map(({ text }) => text).join('');
}

function missingNote(tool: string, { name, whyMissing }: ToolPlace): Diagnostic {
  return {
    severity: 'warning',
    code: 'ToolMissing',
    message: `${whyMissing(tool)}; what it would print is not read`,
    why: `the rules of ${name} are known in part only`,
  };
}
