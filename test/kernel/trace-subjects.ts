/**
 * The modes whose rules real packets go through. In: a cluster folder. Out: for each family, the rules and the command that
 * loads them, and a tracer of what is loaded.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { parseListed } from '../../src/backends/nftables/parse-listed.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { prepareListed } from '../../src/trace/nftables/prepare.ts';
import { traceListed } from '../../src/trace/nftables/trace.ts';
import { compileRaw, inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { type IptablesVariant, iptablesCommand, probeKernel, probeNftables } from '../support/namespace.ts';
import type { Tracer } from './trace-judge.ts';
import type { Family } from './trace-network.ts';

export interface Subject {
  readonly name: string;
  /** Why the machine cannot do it; undefined where it can. */
  readonly reason: string | undefined;
  /** What the configuration has besides. */
  readonly config?: object;
  readonly compile: (folder: string, addresses: readonly string[]) => Promise<Compiled>;
}

export type Compiled = Readonly<Record<Family, CompiledFamily>>;

interface CompiledFamily {
  /** Reads `rules` from stdin. */
  readonly command: string;
  readonly rules: string;
  readonly tracer: Tracer;
}

function iptables(variant: IptablesVariant): Subject {
  return {
    name: `iptables-${variant}`,
    reason: probeKernel(variant, 'ipv4') ?? probeKernel(variant, 'ipv6'),
    compile: async (folder, addresses) => {
      const texts = await compileRaw(folder, { node: 'here', localAddrs: addresses, nfacct: false });
      const of = (family: Family): CompiledFamily => {
        const rules = texts.get(`iptables.${family}.save`) as string;
        const prepared = prepareRules(parseSaved(rules), { addresses });
        return {
          command: `${iptablesCommand(variant, family, 'restore')} -w 30`,
          rules,
          tracer: (packet) => trace(prepared, packet),
        };
      };
      return { ipv4: of('ipv4'), ipv6: of('ipv6') };
    },
  };
}

function nftables(name: string, release: string, config: object = {}): Subject {
  return {
    name,
    config,
    reason: probeNftables(),
    compile: async (folder, addresses) => {
      const out = mkdtempSync(join(tmpdir(), 'svcrules-nftables-'));
      try {
        const flags = inputFlags(folder, { node: 'here', localAddrs: addresses, release });
        const { status, stderr } = await runCaptured([
          'compile',
          ...flags,
          '--mode',
          'nftables',
          '--out',
          out,
        ]);
        if (status !== 0) throw new Error(stderr);
        const of = (family: Family): CompiledFamily => {
          const file = join(out, family === 'ipv4' ? 'ip' : 'ip6');
          const prepared = prepareListed(parseListed(readFileSync(`${file}.list`, 'utf8')), { addresses });
          return {
            command: 'nft -f -',
            rules: readFileSync(`${file}.nft`, 'utf8'),
            tracer: (packet) => traceListed(prepared, packet),
          };
        };
        return { ipv4: of('ipv4'), ipv6: of('ipv6') };
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    },
  };
}

export const SUBJECTS: readonly Subject[] = [
  iptables('nft'),
  iptables('legacy'),
  nftables('nftables', '1.37'),
  nftables('nftables of release 1.29', '1.29'),
  nftables('nftables with node ports everywhere', '1.37', { nodePortAddresses: ['0.0.0.0/0', '::/0'] }),
  nftables('nftables that masquerades all', '1.37', { nftables: { masqueradeAll: true } }),
];
