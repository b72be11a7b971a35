/**
 * A kubectl that passes everything on to a real one, but now and then does what goes wrong in real clusters: it is killed,
 * its watch is cut off or forgotten, a line or a list is truncated, events come twice or late. Of the watch that is `stale` the
 * API server itself says that it has forgotten the moment from which it should go on.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FaultyKubectl {
  readonly path: string;
  /** The faults so far, in their order. */
  readonly faults: () => readonly string[];
  /** From now on the API server is asked for moments that it has forgotten, too: it must have been restarted. */
  readonly askForForgotten: () => void;
  readonly remove: () => void;
}

/**
 * @param real the kubectl that is asked
 * @param count how many faults there are; behind them all is well
 */
export function faultyKubectl(real: string, count: number): FaultyKubectl {
  const folder = mkdtempSync(join(tmpdir(), 'faulty-kubectl-'));
  const log = join(folder, 'faults');
  const forgotten = join(folder, 'forgotten');
  const path = join(folder, 'kubectl');
  writeFileSync(log, '');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${folder}/kubectl.mjs' "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, 'kubectl.mjs'), program(real, log, forgotten, count));
  return {
    path,
    faults: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    askForForgotten: () => writeFileSync(forgotten, ''),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function program(real: string, log: string, forgotten: string, count: number): string {
  return `
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const args = process.argv.slice(2);
const isWatch = args.some((arg) => arg.includes('watch=true'));
// The first lists are left alone: without them there is nothing to watch.
const isRelist = args.some((arg) => /[?&]limit=/.test(arg) && !/resourceVersion=0|continue=/.test(arg));
const FAULTS = ['killed', 'cut', 'expired', 'truncated', 'twice', 'late', 'broken'];
if (existsSync(${JSON.stringify(forgotten)})) FAULTS.push('stale');
const done = readFileSync(${JSON.stringify(log)}, 'utf8').split('\\n').length - 1;
const fault = done >= ${count} ? undefined : isWatch ? FAULTS[done % FAULTS.length] : isRelist && done % 2 ? 'list' : undefined;
const asked = fault === 'stale' ? args.map((arg) => arg.replace(/resourceVersion=\\d+/, 'resourceVersion=1')) : args;
const child = spawn(${JSON.stringify(real)}, asked, { stdio: ['ignore', 'pipe', fault === 'stale' ? 'pipe' : 'inherit'] });
let refusal = '';
child.stderr?.setEncoding('utf8').on('data', (text) => { refusal += text; process.stderr.write(text); });
process.on('SIGTERM', () => { child.kill('SIGKILL'); process.exit(143); });
let rest = '';
let seen = [];
let lines = 0;
const after = 1 + (done * 7) % 5;
let committed = false;
function commit() { committed = true; appendFileSync(${JSON.stringify(log)}, fault + '\\n'); }
function end(status) { child.kill('SIGKILL'); process.stdout.write('', () => process.exit(status)); }
function line(text) {
  lines++;
  process.stdout.write(text + '\\n');
  seen.push(text);
  if (committed && lines > after + 2) end(0);
  if (lines !== after) return;
  switch (fault) {
    case 'killed': commit(); process.stdout.write('', () => process.kill(process.pid, 'SIGKILL')); break;
    case 'cut': commit(); end(0); break;
    case 'expired':
      commit();
      process.stdout.write('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}\\n');
      end(0);
      break;
    case 'twice': commit(); for (const each of seen) process.stdout.write(each + '\\n'); break;
    case 'late': commit(); process.stdout.write(seen[0].replace(/"type":"[A-Z]+"/, '"type":"DELETED"') + '\\n'); break;
    case 'broken': commit(); process.stdout.write(text.slice(0, text.length / 2) + '\\n'); break;
  }
}
let broken = false;
child.stdout.setEncoding('utf8').on('data', (text) => {
  if (broken) return;
  if (fault === 'list') { commit(); broken = true; process.stdout.write(text.slice(0, text.length / 2), () => end(0)); return; }
  if (!isWatch) { process.stdout.write(text); return; }
  rest += text;
  for (let at = rest.indexOf('\\n'); at >= 0; at = rest.indexOf('\\n')) {
    const each = rest.slice(0, at);
    rest = rest.slice(at + 1);
    if (fault === 'truncated' && lines + 1 === after) {
      broken = true;
      commit();
      process.stdout.write(each.slice(0, each.length / 2));
      end(0);
      return;
    }
    line(each);
  }
});
child.on('close', (code, signal) => {
  const isRefused = /"code":410|too old resource version/.test(refusal + seen.join(''));
  if (fault === 'stale') appendFileSync(${JSON.stringify(log)}, isRefused ? 'stale\\n' : 'stale, and not refused\\n');
  process.exitCode = signal ? 1 : code;
});
`;
}
