import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startTime } from '../../src/platform/provision/pid-lock.js';
import { killGroup } from './part.js';

export interface KnownProcess {
  name: string;
  pid: number;
  /** The kernel's start time: another process with the same number is never touched. */
  start: string;
}

/** Keeps the list of running parts on the disk, for the case that `up` itself is killed. */
export function rememberProcesses(file: string, processes: readonly KnownProcess[]): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(processes)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Ends what an earlier `up` left behind. Normally there is nothing: the kernel ends the parts with their parent.
 * Returns the names of those that were still there.
 */
export async function endOrphans(file: string): Promise<string[]> {
  const left: KnownProcess[] = [];
  for (const known of readKnown(file)) if (await runs(known)) left.push(known);
  for (const { pid, name } of left) process.kill(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
  for (const known of left) {
    for (let waited = 0; waited < 5000 && (await runs(known)); waited += 50) await delay(50);
    if (await runs(known)) killGroup(known.pid, 'SIGKILL');
  }
  rmSync(file, { force: true });
  return left.map(({ name }) => name);
}

function readKnown(file: string): KnownProcess[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KnownProcess[];
  } catch {
    return []; // No such file: nothing was running. Half a file cannot be: it is renamed into place.
  }
}

const runs = async ({ pid, start }: KnownProcess) => (await startTime(pid)) === start;
