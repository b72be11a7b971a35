/** BIND's judgement of a zone file. In: a zone and its file. Out: what `named-checkzone` has against it. */
import { spawnSync } from 'node:child_process';

export const isCheckerMissing = spawnSync('named-checkzone', ['-v']).error !== undefined;
if (isCheckerMissing) {
  process.stderr.write('named-checkzone is missing (package bind9-utils): zone files are not shown to it\n');
}

/** @returns nothing where the zone is in order. Outside of it nothing is looked up. */
export function checkZone(zone: string, file: string): string {
  const flags = ['-i', 'local', '-k', 'fail', '-n', 'fail', '-m', 'fail', '-r', 'fail'];
  const { status, stdout, stderr } = spawnSync('named-checkzone', [...flags, zone, file], {
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr;
}
