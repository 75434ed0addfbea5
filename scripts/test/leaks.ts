import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const variable = 'HOTLINE_TEST_RUN';

/** Marks this process and, through the environment, all that descend from it. */
export function markRun(): void {
  process.env[variable] = `${process.pid}-${Date.now()}`;
}

/**
 * Processes of this run that are still there once all tests have ended, after a moment for those about to end. They are
 * killed; returns what each was.
 */
export async function endLeaks(patienceMs = 3000): Promise<string[]> {
  const mark = `${variable}=${process.env[variable]}`;
  let left = marked(mark);
  for (let waited = 0; left.length > 0 && waited < patienceMs; waited += 100) {
    await delay(100);
    left = marked(mark);
  }
  for (const { pid } of left) kill(pid);
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

function marked(mark: string): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    try {
      if (!read('environ').split('\0').includes(mark)) return [];
      const command = read('cmdline').replaceAll('\0', ' ').trim();
      // tsx compiles with esbuild in a child of this very process, which ends with it.
      if (Number(/^PPid:\s+(\d+)/m.exec(read('status'))?.[1]) === process.pid && command.includes('esbuild')) return [];
      return command === '' ? [] : [{ pid, command: command.slice(0, 200) }];
    } catch {
      return []; // Ended meanwhile, or another user's.
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
