/** The rules that are followed and compared: compiled ones as a host would show them, and those of a host. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { CompiledNode } from '../backends/backend.ts';
import { problems } from '../backends/iptables/parse.ts';
import type { HostState } from '../host/host-state.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { type IptablesRules, iptablesRules, type NodeRules } from '../trace/node-rules.ts';
import type { CommandIO } from './io.ts';

/** Whether packets can be followed through a mode's rules. */
export function isFollowed(mode: ProxyMode): boolean {
  return mode === 'iptables';
}

/** @throws OperationalError for a mode whose rules cannot be followed. */
export function compiledRules({ mode, artifacts }: CompiledNode, family: IPFamily): NodeRules {
  const textOf = (name: string): string => {
    const artifact = artifacts.find((candidate) => candidate.name === name);
    return [...(artifact?.text() ?? [])].join('');
  };
  switch (mode) {
    case 'iptables':
      return iptablesRules(textOf(family === 'IPv4' ? 'iptables.save' : 'ip6tables.save'));
    default:
      throw new OperationalError(`packets can be followed through mode iptables, not yet through ${mode}`);
  }
}

export interface HostRules {
  readonly rules: NodeRules;
  /** For people: a file, or a command and where it ran. */
  readonly origin: string;
}

/**
 * @param mode whose rules are looked for
 * @throws OperationalError where the host has no such rules.
 */
export function hostRules(host: HostState, family: IPFamily, mode: ProxyMode, io: CommandIO): HostRules {
  const found = host.texts.find((text) => text.tool === 'iptables-save' && text.family === family);
  if (found === undefined) {
    const has = host.texts.map(({ tool, family: of }) => (of === undefined ? tool : `${tool} of ${of}`));
    throw new OperationalError(
      `there are no ${mode} rules of ${family} among what was read${has.length === 0 ? '' : `, only ${has.join(', ')}`}`,
    );
  }
  const rules = iptablesRules(found.text);
  sayProblems(rules, found.origin, io);
  return { rules, origin: found.origin };
}

function sayProblems({ text, dump }: IptablesRules, origin: string, io: CommandIO): void {
  const unread = problems(dump);
  const lines = unread.length === 0 ? [] : text.split('\n');
  // Its lines are not those of the file: the tables of several dumps were put together.
  for (const { line, problem } of unread) {
    const quoted = JSON.stringify((lines[line - 1] ?? '').slice(0, 100));
    io.stderr.write(`warning: ${plainText(`${origin}: ${quoted}: ${problem}`)}\n`);
  }
}
