import { describe, expect, test } from 'vitest';
import type { HostTool } from '../../src/host/host-state.ts';
import { recognise } from '../../src/host/recognise.ts';
import * as texts from './texts.ts';

/** The pieces of a text that is recognised throughout. */
function pieces(text: string) {
  const result = recognise(text);
  if (result.kind !== 'outputs') throw new Error(result.reason);
  expect(result.strays).toEqual({ count: 0 });
  return result.pieces;
}

/** Why a text is not recognised. */
function refusal(text: string): string {
  const result = recognise(text);
  if (result.kind === 'outputs') throw new Error('it was recognised');
  return `${result.kind}: ${result.reason}`;
}

const ONE_OF_EACH: readonly (readonly [HostTool, string])[] = [
  ['iptables-save', texts.NAT4],
  ['ipset-save', texts.IPSET],
  ['ipvsadm-save', texts.IPVSADM_SAVE],
  ['ipvsadm-list', texts.IPVSADM_LIST],
  ['nft-text', texts.NFT_TEXT],
  ['nft-json', texts.NFT_JSON],
  ['ip-addr', texts.IP_ADDR],
];

describe('a text of one tool', () => {
  test.each(ONE_OF_EACH)('%s is one piece', (tool, text) => {
    expect(pieces(text).map((piece) => [piece.tool, piece.text])).toEqual([[tool, text]]);
  });

  test.each(ONE_OF_EACH)('%s with CR LF, a byte order mark and no last line break', (tool, text) => {
    const [piece, ...others] = pieces(`\ufeff${text.replaceAll('\n', '\r\n').trimEnd()}`);
    expect(others).toEqual([]);
    expect(piece?.tool).toBe(tool);
    expect(piece?.text).toBe(text.trimEnd());
  });

  test('the JSON of nft over many lines', () => {
    const text = `${JSON.stringify(JSON.parse(texts.NFT_JSON), undefined, 2)}\n`;
    expect(pieces(text + text)).toEqual([{ tool: 'nft-json', text: text + text }]);
  });

  test.each([
    ['-o', '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n'],
    ['-j', '[{"ifindex":1,"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1"}]}]\n'],
  ])('ip %s addr', (_, text) => {
    expect(pieces(text)).toEqual([{ tool: 'ip-addr', text }]);
  });

  test('each table of iptables-save is a piece with its comments', () => {
    const nat = texts.natTable('-A KUBE-SERVICES -j RETURN', 'ip6tables-save v1.8.9 (nf_tables)');
    const filter = nat.replace('*nat', '*filter');
    expect(pieces(filter + nat)).toEqual([
      { tool: 'iptables-save', table: 'filter', text: filter },
      { tool: 'iptables-save', table: 'nat', text: nat },
    ]);
  });

  test('rules with counters', () => {
    expect(pieces(texts.NAT4.replace('-A ', '[12:345] -A '))).toHaveLength(1);
  });
});

test('the outputs of several tools in one text', () => {
  const all = ONE_OF_EACH.map(([, text]) => text).join('\n');
  expect(pieces(all).map(({ tool }) => tool)).toEqual(ONE_OF_EACH.map(([tool]) => tool));
});

test('lines between outputs are counted, and the first is kept', () => {
  const result = recognise(`=== nat ===\n${texts.NAT4}=== sets ===\n${texts.IPSET}bye\n`);
  expect(result).toMatchObject({
    kind: 'outputs',
    strays: { count: 3, first: { line: 1, text: '=== nat ===' } },
  });
});

test('comments by which iptables says that something is missing', () => {
  const warning = 'Warning: iptables-legacy tables present, use iptables-legacy-save to see them';
  const table = "Table `nat' is incompatible, use 'nft' tool.";
  expect(recognise(`# ${warning}\n${texts.NAT4}# ${table}\n`)).toMatchObject({ remarks: [warning, table] });
});

describe('not complete', () => {
  test.each([
    ['a table without COMMIT', texts.NAT4.replace('COMMIT\n', ''), 'table nat has no COMMIT'],
    ['a table within a table', `*filter\n:INPUT ACCEPT [0:0]\n${texts.NAT4}`, 'table filter has no COMMIT'],
    ['a COMMIT cut short', texts.NAT4.slice(0, -3), 'table nat has no COMMIT'],
    ['a beginning that is missing', texts.NAT4.slice(5), 'rules outside of any table (line 1)'],
    ['the end of a table of nft', texts.NFT_TEXT.slice(0, -2), 'table ip6 kube-proxy is not closed'],
    ['the end of the JSON of nft', texts.NFT_JSON.slice(0, -3), 'the JSON of nft ends too early'],
  ])('%s', (_, text, reason) => {
    expect(refusal(text)).toContain('incomplete: ');
    expect(refusal(text)).toContain(reason);
  });

  test.each([1, 0.9, 0.5, 0.1])('a dump of which %d of the last line is there', (share) => {
    const [dump] = texts.clusterDumps();
    const text = dump?.v4.text ?? '';
    const cut = text.slice(0, text.lastIndexOf('COMMIT') + Math.floor(5 * share));
    expect(refusal(cut)).toContain('incomplete: table nat');
  });
});

describe('unknown', () => {
  test.each([
    ['nothing', '', 'it is empty'],
    ['white space', ' \n\n', 'it is empty'],
    ['bytes', '\u007fELF\0\0', 'it is binary'],
    ['a text', 'hello\nworld\n', 'nothing in it is known'],
    ['iptables -L', 'Chain INPUT (policy ACCEPT)\ntarget prot\n', 'it is a list of iptables -L'],
    ['iptables -S', '-P INPUT ACCEPT\n-N KUBE-X\n-A KUBE-X -j RETURN\n', 'it is a list of iptables -S'],
    ['commands for nft', 'add table ip kube-proxy { comment "x" ; }\n', 'it has commands for nft -f'],
    ['a manifest', 'apiVersion: v1\nkind: Service\n', 'it is a manifest'],
    ['other JSON', '{"kind": "List"}\n', 'nothing in it is known'],
    ['a JSON list', '[{"kind": "List"}]\n', 'nothing in it is known'],
  ])('%s', (_, text, reason) => {
    expect(refusal(text)).toContain(`unknown: ${reason}`);
  });
});
