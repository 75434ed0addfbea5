import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A lock file that names its owner: process id and the kernel's start time of that process, so that a lock left behind
 * by a killed process, or one whose id was given to another program since, is recognised as stale.
 */
export interface PidLock {
  release(): Promise<void>;
}

/** Tries once. Returns the owner's process id when another living process holds the lock. */
export async function tryPidLock(file: string): Promise<PidLock | { heldBy: number }> {
  const mine = `${process.pid} ${await startTime(process.pid)}\n`;
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      if (await linkIfFree(draft, file)) return { release: () => releaseIfMine(file, mine) };
      const owner = await readOwner(file);
      if (owner === null) continue;
      if (owner.alive) return { heldBy: owner.pid };
      await removeStale(file, owner.text);
    }
  } finally {
    await unlink(draft).catch(ignoreMissing);
  }
}

/** Waits for the lock; `onWait` is told once a second who holds it. */
export async function waitForPidLock(file: string, onWait: (heldBy: number) => void): Promise<PidLock> {
  for (let round = 0; ; round++) {
    const lock = await tryPidLock(file);
    if ('release' in lock) return lock;
    if (round % 5 === 4) onWait(lock.heldBy);
    await delay(200);
  }
}

/** Start of a process in kernel ticks since boot, as text; null when there is no such process (or it is a zombie). */
export async function startTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(ignoreMissing);
  if (!stat) return null;
  // The name in parentheses may hold spaces and parentheses; the fields after it may not (proc(5): 3 state, 22 start).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

async function readOwner(file: string): Promise<{ pid: number; alive: boolean; text: string } | null> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return null;
  const [pid = 0, start = ''] = text.trim().split(' ');
  const alive = Number(pid) > 0 && (await startTime(Number(pid))) === start;
  return { pid: Number(pid), alive, text };
}

async function linkIfFree(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the file away before it is deleted: when another process was quicker and this is its new lock, it is put back. */
async function removeStale(file: string, staleText: string): Promise<void> {
  const aside = `${file}.stale-${process.pid}`;
  await rename(file, aside).catch(ignoreMissing);
  const text = await readFile(aside, 'utf8').catch(ignoreMissing);
  if (text !== undefined && text !== staleText) await linkIfFree(aside, file);
  await unlink(aside).catch(ignoreMissing);
}

async function releaseIfMine(file: string, mine: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(ignoreMissing)) === mine) await unlink(file).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ESRCH') return undefined;
  throw error;
}
