/**
 * Reads the iptables rules of one family where kube-proxy's are: iptables has two places for rules in the kernel, nft
 * and legacy, which do not see each other. In: where tools run. Out: the text of the place that has the KUBE- chains.
 *
 * Mirrors kubernetes-sigs/iptables-wrappers, which asks where the kubelet has its chains.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { quote } from '../input/quote.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { remarkNote } from './dump-files.ts';
import { KNOWN_OUTPUTS, type Piece, recognise, remarksOf } from './recognise.ts';
import type { ToolPlace } from './run-tool.ts';

type Variant = 'nft' | 'legacy';

/** What one command printed. */
interface Candidate {
  readonly command: string;
  readonly variant: Variant | undefined;
  readonly isDefault: boolean;
  readonly text: string;
  readonly remarks: readonly string[];
}

export interface IptablesText {
  readonly command: string;
  readonly text: string;
  readonly notes: readonly Diagnostic[];
  /** The same of the other place, where that has KUBE- chains too. */
  readonly beside: readonly BesideText[];
}

interface BesideText {
  readonly command: string;
  readonly variant: Variant;
  readonly text: string;
}

export interface VariantOptions {
  readonly place: ToolPlace;
  readonly family: IPFamily;
  /** kube-proxy itself uses the iptables that has no variant in its name here: in its own Pod. */
  readonly trustDefault: boolean;
}

/**
 * @returns undefined where there is no iptables of this family.
 * @throws OperationalError where it does not print all its rules.
 */
export async function readIptables(options: VariantOptions): Promise<IptablesText | undefined> {
  const { family } = options;
  const base = family === 'IPv4' ? 'iptables' : 'ip6tables';
  const notes: Diagnostic[] = [];
  const [plain, nft, legacy] = await Promise.all([
    readCandidate(`${base}-save`, undefined, options, notes),
    readCandidate(`${base}-nft-save`, 'nft', options, notes),
    readCandidate(`${base}-legacy-save`, 'legacy', options, notes),
  ]);
  const candidates = distinct(plain, nft, legacy);
  const chosen = choose(candidates, options.trustDefault);
  if (chosen === undefined) return undefined;
  return {
    command: chosen.command,
    text: chosen.text,
    notes: [...notes, ...notesOn(chosen, candidates, options)],
    beside: candidates.flatMap((each) => {
      const { command, variant, text } = each;
      return each === chosen || variant === undefined || !hasKubeChains(text)
        ? []
        : [{ command, variant, text }];
    }),
  };
}

/** Only the command without a variant must end well; the others may be there and not work. */
async function readCandidate(
  command: string,
  variant: Variant | undefined,
  { place }: VariantOptions,
  notes: Diagnostic[],
): Promise<Candidate | undefined> {
  const outcome = await place.run([command]);
  switch (outcome.kind) {
    case 'missing':
      return undefined;
    case 'failed': {
      if (variant === undefined) throw new OperationalError(outcome.message, { cause: outcome.detail });
      notes.push({
        severity: 'warning',
        code: 'VariantUnreadable',
        message: outcome.message,
        why: `whether there are rules of iptables-${variant} as well is not known`,
      });
      return undefined;
    }
    case 'done': {
      const { text, remarks } = complete(outcome.stdout, `${command} of ${place.name}`);
      const warnings = outcome.stderr.split('\n').filter((line) => line.startsWith('# Warning: '));
      return {
        command,
        variant: variant ?? variantOf(text),
        isDefault: variant === undefined,
        text,
        remarks: [...remarks, ...warnings.map((line) => line.slice(2))],
      };
    }
  }
}

/**
 * @returns the text of its tables.
 * @throws OperationalError where it is not all of what `iptables-save` prints.
 */
function complete(text: string, origin: string): { text: string; remarks: readonly string[] } {
  if (text.trim() === '') return { text: '', remarks: [] };
  const recognition = recognise(text);
  switch (recognition.kind) {
    case 'outputs': {
      const { strays, pieces, remarks } = recognition;
      const foreign = pieces.find(({ tool }) => tool !== 'iptables-save')?.text ?? strays.first?.text;
      if (foreign !== undefined) {
        throw new OperationalError(`${origin} printed something else than rules: ${quote(foreign)}`);
      }
      refuseRepetition(pieces, origin);
      return { text: pieces.map((piece) => piece.text).join(''), remarks };
    }
    case 'incomplete':
      throw new OperationalError(`${origin} did not print all rules: ${recognition.reason}`);
    case 'unknown':
      // Comments alone: there are no tables that it can print.
      if (!/^[^#\n]/m.test(text)) return { text, remarks: remarksOf(text) };
      throw new OperationalError(
        `${origin} did not print rules: ${recognition.reason}; expected is ${KNOWN_OUTPUTS}`,
      );
  }
}

function refuseRepetition(pieces: readonly Piece[], origin: string): void {
  const names = pieces.map(({ table }) => table);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new OperationalError(`${origin} printed table ${repeated} twice`);
}

/** `# Generated by iptables-save v1.8.9 (nf_tables) on …`; iptables 1.8.3 to 1.8.7 do not tell. */
function variantOf(text: string): Variant | undefined {
  const header = /^# Generated by (\S+ .*)$/m.exec(text)?.[1];
  if (header === undefined) return undefined;
  if (/\(nf_tables\)|^xtables-save|-nft-save/.test(header)) return 'nft';
  return /^\S+-legacy-save|\(legacy\)/.test(header) ? 'legacy' : undefined;
}

/** The command without a variant is one of the other two, where they exist. */
function distinct(
  plain: Candidate | undefined,
  nft: Candidate | undefined,
  legacy: Candidate | undefined,
): readonly Candidate[] {
  const named = [nft, legacy].filter((each) => each !== undefined);
  if (plain === undefined) return named;
  const same =
    named.find(({ variant }) => variant === plain.variant) ??
    named.find(({ text }) => rulesOf(text) === rulesOf(plain.text)) ??
    // Nobody ships a default that is not among the variants that he ships.
    (named.length === 1 && plain.variant === undefined ? named[0] : undefined);
  const variant = plain.variant ?? same?.variant;
  return [{ ...plain, variant }, ...named.filter((each) => each !== same)];
}

/** Without counters and the times in comments. */
function rulesOf(text: string): string {
  return text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]');
}

function choose(candidates: readonly Candidate[], trustDefault: boolean): Candidate | undefined {
  const ofProxy = candidates.filter(({ text }) => /^:KUBE-SERVICES /m.test(text));
  const kube = ofProxy.length > 0 ? ofProxy : candidates.filter(({ text }) => hasKubeChains(text));
  if (kube.length < 2) return kube[0] ?? candidates[0];
  const trusted = trustDefault ? kube.find(({ isDefault }) => isDefault) : undefined;
  if (trusted !== undefined) return trusted;
  const ofKubelet = kube.filter(({ text }) => /^:KUBE-(?:IPTABLES-HINT|KUBELET-CANARY) /m.test(text));
  if (ofKubelet.length === 1) return ofKubelet[0];
  return kube.reduce((best, each) => (countKubeRules(each.text) > countKubeRules(best.text) ? each : best));
}

function hasKubeChains(text: string): boolean {
  return /^:KUBE-/m.test(text);
}

function countKubeRules(text: string): number {
  return text.match(/^(?:\[\d+:\d+\] )?-A KUBE-/gm)?.length ?? 0;
}

function notesOn(
  chosen: Candidate,
  candidates: readonly Candidate[],
  { place, family }: VariantOptions,
): Diagnostic[] {
  const origin = `${chosen.command} of ${place.name}`;
  const others = candidates.filter((each) => each !== chosen);
  const notes: Diagnostic[] = [];
  for (const other of others) {
    const rules = other.text.match(/^(?:\[\d+:\d+\] )?-A /gm)?.length ?? 0;
    if (hasKubeChains(other.text) && hasKubeChains(chosen.text)) {
      notes.push({
        severity: 'warning',
        code: 'BothIptablesVariants',
        message: `both ${chosen.command} and ${other.command} of ${place.name} have KUBE- chains, with ${countKubeRules(chosen.text)} and ${countKubeRules(other.text)} rules in them; those of ${chosen.command} are taken`,
        why: 'a packet passes through both, so that rules left behind by another kube-proxy still act',
        mend: 'restart the node, or delete the chains of the iptables that kube-proxy does not use',
      });
    } else if (rules > 0) {
      notes.push({
        severity: 'note',
        code: 'OtherIptablesVariant',
        message: `${other.command} of ${place.name} has ${rules} rules of ${family} too, which are not read${hasKubeChains(chosen.text) ? `; the KUBE- chains are in ${chosen.command}` : ''}`,
        why: 'a packet passes through both',
      });
    }
  }
  // The warning is no news where the other variant was looked at.
  const remarks = chosen.remarks.filter((remark) => others.length === 0 || !remark.startsWith('Warning: '));
  return [...notes, ...[...new Set(remarks)].map((remark) => remarkNote(remark, origin))];
}
